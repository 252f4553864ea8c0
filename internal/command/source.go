package command

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// source is where the events come from.
type source struct {
	files     []string
	fromLine  int
	fromEvent int
	maxLine   int
}

const (
	fromLineFlag  = "from-line"
	fromEventFlag = "from-event"
	maxLineFlag   = "max-line-bytes"
)

func (s *source) register(flags *pflag.FlagSet) {
	flags.IntVar(&s.fromLine, fromLineFlag, 1, "`number` of the line to start at, in the first file")
	flags.IntVar(&s.fromEvent, fromEventFlag, 1, "`number` of the event to start at, in a line with several")
	registerMaxLine(flags, &s.maxLine)
}

func registerMaxLine(flags *pflag.FlagSet, maxLine *int) {
	flags.IntVar(maxLine, maxLineFlag, input.DefaultLimit, "maximum `length` of a line, or of an event of an array; a longer one can't be sent")
}

// use takes the files that args name, or standard input.
func (s *source) use(args []string) error {
	if s.fromLine < 1 {
		return wrongUsage(fmt.Errorf("--%s must be 1 or more", fromLineFlag))
	}
	if s.fromEvent < 1 {
		return wrongUsage(fmt.Errorf("--%s must be 1 or more", fromEventFlag))
	}
	if s.maxLine < 1 {
		return wrongUsage(fmt.Errorf("--%s must be a number of bytes", maxLineFlag))
	}
	s.files = args
	if len(args) == 0 {
		s.files = []string{input.Stdin}
	}
	return nil
}

// open opens the files, to be read from a position on. The other files are what else the
// command reads: none of them may be its output.
func (s *source) open(p Program, from input.Position, others ...usedFile) (*input.Reader, error) {
	if err := p.checkDistinct(append(p.inputFiles(s.files), others...)...); err != nil {
		return nil, err
	}
	if p.StdinIsTerminal && slices.Contains(s.files, input.Stdin) {
		fmt.Fprintln(p.Stderr, "Events are read from standard input, line by line. Ctrl-D ends them.")
	}
	events, err := input.Open(input.Config{Files: s.files, Stdin: p.Stdin, From: from, Limit: s.maxLine})
	if err != nil {
		return nil, stopped(withSwitch(err))
	}
	return events, nil
}

// withSwitch adds advice to the error of a file that there isn't, and whose name is the value of a
// switch: these take no value after a space.
func withSwitch(err error) error {
	var file *fs.PathError
	switches := []string{"true", "false", string(simulationFast), string(simulationLimits)}
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &file) || !slices.Contains(switches, file.Path) {
		return err
	}
	return fmt.Errorf("%w; if it is the value of a flag, put = before it, as in --%s=%s", err, simulateFlag, simulationFast)
}

// start is the first position.
func (s *source) start() input.Position {
	at := input.Position{Line: s.fromLine}
	if s.fromEvent > 1 {
		at.Event = s.fromEvent
	}
	return at
}

// warnIfShort says so if the first file, which was read to its end, ends before the line
// to begin with. Where a run ended at its last line, the one after that is right.
func (s *source) warnIfShort(p Program, events *input.Reader) {
	if lines := events.FirstLines(); s.fromLine > lines+1 {
		fmt.Fprintf(p.Stderr, "Warning: nothing of %s was read: --%s is %d, and its lines are %d.\n",
			input.Name(s.files[0]), fromLineFlag, s.fromLine, lines)
	}
}

// tooLong is the error of a line, or an event of an array, that can't be read whole.
var tooLong = &mapper.Error{
	Code:    "line_too_long",
	Message: "it is longer than --" + maxLineFlag + " allows, and is in the input alone",
}

// place names a position within its file.
func place(at input.Position) string {
	if at.Event > 1 {
		return fmt.Sprintf("line %d, event %d,", at.Line, at.Event)
	}
	return fmt.Sprintf("line %d", at.Line)
}

// resume is the command that goes on at a position.
func (s *source) resume(cmd *cobra.Command, at input.Position) string {
	from := []string{"--" + fromLineFlag + "=" + strconv.Itoa(at.Line)}
	if at.Event > 1 || annotation(cmd.Flags().Lookup(fromEventFlag), variableAnnotation) != "" { // which would set it again
		from = append(from, "--"+fromEventFlag+"="+strconv.Itoa(max(1, at.Event)))
	}
	return commandLine(cmd, s.files[at.File:], from...)
}

// commandLine is the command with the flags it was given, but for where to
// begin, then more, then the files.
func commandLine(cmd *cobra.Command, files []string, more ...string) string {
	words := strings.Fields(cmd.CommandPath())
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		switch {
		case flag.Name == fromLineFlag, flag.Name == fromEventFlag, flag.Name == newKeyFlag: // given once
		default:
			words = append(words, flagWords(flag)...)
		}
	})
	words = append(words, more...)
	if slices.ContainsFunc(files, func(file string) bool { return file != input.Stdin && strings.HasPrefix(file, "-") }) {
		words = append(words, "--")
	}
	for _, file := range files {
		words = append(words, quote(file))
	}
	return strings.Join(words, " ")
}

// flagWords are the words that set a flag to the value that it has.
func flagWords(flag *pflag.Flag) (words []string) {
	if flag.NoOptDefVal != "" && flag.Value.String() == flag.NoOptDefVal {
		return []string{"--" + flag.Name}
	}
	for _, value := range valuesOf(flag) {
		words = append(words, "--"+flag.Name+"="+quote(value))
	}
	return words
}

// valuesOf gives the values of a flag that may be given several times, or its one.
func valuesOf(flag *pflag.Flag) []string {
	several, ok := flag.Value.(pflag.SliceValue)
	switch {
	case !ok:
		return []string{flag.Value.String()}
	case flag.Value.Type() == "stringSlice": // whose values have commas between them
		return []string{commaSeparated(several.GetSlice())}
	}
	return several.GetSlice()
}

// commaSeparated is a list as pflag reads it.
func commaSeparated(values []string) string {
	var text strings.Builder
	writer := csv.NewWriter(&text)
	_ = writer.Write(values) // a Builder takes all
	writer.Flush()
	return strings.TrimSuffix(text.String(), "\n")
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// quote makes one word of the shell of s.
func quote(s string) string {
	switch {
	case plainWord.MatchString(s):
		return s
	case !terminal.IsPlain(s):
		return ansiQuote(s)
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ansiQuote makes one word of the shell of a text that may not be shown as it is. Shells
// know such words since POSIX of 2024, and most did before.
func ansiQuote(s string) string {
	var word strings.Builder
	word.WriteString("$'")
	for _, b := range []byte(s) {
		if b < ' ' || b > '~' || b == '\'' || b == '\\' {
			fmt.Fprintf(&word, `\%03o`, b)
		} else {
			word.WriteByte(b)
		}
	}
	word.WriteByte('\'')
	return word.String()
}
