package command

import (
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/lmittmann/tint"
	"github.com/spf13/pflag"
)

const (
	logLevelFlag  = "log-level"
	logFormatFlag = "log-format"
)

// logFlags say what is logged, and how.
type logFlags struct {
	level  slog.Level
	format logFormat
}

func (f *logFlags) register(flags *pflag.FlagSet, byDefault slog.Level) {
	flags.TextVar(&f.level, logLevelFlag, byDefault, "minimum `level` of log messages: debug, info, warn or error")
	flags.Lookup(logLevelFlag).DefValue = strings.ToLower(byDefault.String())
	flags.Var(&f.format, logFormatFlag, "`format` of the log: text or json; the default is a short format on a terminal, and text elsewhere")
}

// logFormat is a value of --log-format, or empty.
type logFormat string

const (
	logText logFormat = "text"
	logJSON logFormat = "json"
)

func (f *logFormat) String() string { return string(*f) }

func (f *logFormat) Type() string { return "logFormat" }

func (f *logFormat) Set(text string) error {
	if !slices.Contains([]logFormat{logText, logJSON}, logFormat(text)) {
		return errors.New("it is text or json")
	}
	*f = logFormat(text)
	return nil
}

// handler writes a log in the form to w, which may be a terminal that has colours.
func (f logFlags) handler(w io.Writer, isTerminal, hasColours bool) slog.Handler {
	options := &slog.HandlerOptions{Level: f.level}
	switch {
	case f.format == logJSON:
		return slog.NewJSONHandler(w, options)
	case f.format == "" && isTerminal:
		return tint.NewTextHandler(w, &tint.Options{Level: f.level, TimeFormat: time.TimeOnly, NoColor: !hasColours})
	}
	return slog.NewTextHandler(w, options)
}

func (p Program) logger(f logFlags) *slog.Logger {
	return slog.New(f.handler(p.Stderr, p.StderrIsTerminal, p.terminal != nil && p.wantsColours()))
}
