package command

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// source is where the events come from.
type source struct {
	files    []string
	fromLine int
}

const fromLineFlag = "from-line"

func (s *source) register(flags *pflag.FlagSet) {
	flags.IntVar(&s.fromLine, fromLineFlag, 1, "`number` of the line of the first file to begin with")
}

// open opens the files that args name, or standard input.
func (s *source) open(p Program, args []string, onWait func()) (*input.Reader, error) {
	if s.fromLine < 1 {
		return nil, wrongUsage(fmt.Errorf("--%s is counted from 1", fromLineFlag))
	}
	s.files = args
	if len(args) == 0 {
		s.files = []string{input.Stdin}
	}
	lines, err := input.Open(input.Config{Files: s.files, Stdin: p.Stdin, FromLine: s.fromLine, OnWait: onWait})
	if err != nil {
		return nil, stopped(err)
	}
	return lines, nil
}

// start is the first position.
func (s *source) start() delivery.Position { return delivery.Position{Line: s.fromLine} }

// next is the position after a line.
func next(line input.Line) delivery.Position {
	return delivery.Position{File: line.File, Line: line.Number + 1}
}

// tooLong is the error of a line that can't be read whole.
var tooLong = &mapper.Error{
	Code:    "line_too_long",
	Message: fmt.Sprintf("the line is longer than %d bytes; it is in the input alone", input.DefaultLimit),
}

// stoppedAt is the error of a command that stopped before all was done: why,
// and how to go on.
func (s *source) stoppedAt(cmd *cobra.Command, at delivery.Position, reason error) error {
	if cause := context.Cause(cmd.Context()); cause != nil && errors.Is(reason, cause) || errors.Is(reason, context.Canceled) {
		reason = errors.New("interrupted")
	}
	file := s.files[at.File]
	how := "To go on:"
	if file == input.Stdin {
		how = "To go on, with the same input again:"
	}
	return stopped(fmt.Errorf("stopped at line %d of %s: %w\n%s\n  %s",
		at.Line, input.Name(file), reason, how, s.resume(cmd, at)))
}

// resume is the command that goes on at a position.
func (s *source) resume(cmd *cobra.Command, at delivery.Position) string {
	words := strings.Fields(cmd.CommandPath())
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch {
		case flag.Name == fromLineFlag:
		case flag.Value.Type() == "bool" && flag.Value.String() == "true":
			words = append(words, "--"+flag.Name)
		default:
			words = append(words, "--"+flag.Name+"="+quote(flag.Value.String()))
		}
	})
	words = append(words, "--"+fromLineFlag+"="+strconv.Itoa(at.Line))
	rest := s.files[at.File:]
	if slices.ContainsFunc(rest, func(file string) bool { return file != input.Stdin && strings.HasPrefix(file, "-") }) {
		words = append(words, "--")
	}
	for _, file := range rest {
		words = append(words, quote(file))
	}
	return strings.Join(words, " ")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote makes one word of the shell of s.
func quote(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
