package command

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/problem"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// problems are the events of a run that weren't simply delivered, by code, under the names
// that they have in a plan.
type problems struct {
	Errors   []*problem.Problem `json:"errors"`
	Skipped  []*problem.Problem `json:"skipped"`
	Warnings []*problem.Problem `json:"warnings"`
}

// notes gathers what a transfer tells of events, by kind.
type notes map[transfer.Kind]problem.Set

func newNotes() notes {
	return notes{transfer.Undeliverable: {}, transfer.Skipped: {}, transfer.Warned: {}}
}

func (n notes) add(note transfer.Note) { n[note.Kind].Add(note.Code, note.At) }

// problems gives those of events in files, or nil if there are none.
func (n notes) problems(files []string, explain func(problem.Place) string) *problems {
	p := &problems{
		n[transfer.Undeliverable].Sorted(files), n[transfer.Skipped].Sorted(files), n[transfer.Warned].Sorted(files),
	}
	if len(p.Errors)+len(p.Skipped)+len(p.Warnings) == 0 {
		return nil
	}
	p.explain(explain)
	return p
}

// groups are the problems of each kind, with what a table says before the code.
func (p *problems) groups() []problemGroup {
	if p == nil {
		return nil
	}
	return []problemGroup{{"not delivered:", p.Errors}, {"skipped as", p.Skipped}, {"warning", p.Warnings}}
}

type problemGroup struct {
	name     string
	problems []*problem.Problem
}

// explain adds to each problem the command that explains the first of its events.
func (p *problems) explain(command func(problem.Place) string) {
	for _, group := range p.groups() {
		problem.Explain(group.problems, command)
	}
}

// example is the command that explains the first event of the most frequent problem, of the
// gravest kind, or empty.
func (p *problems) example() string {
	for _, group := range p.groups() {
		if len(group.problems) > 0 {
			return group.problems[0].Explain
		}
	}
	return ""
}

// explainLine gives the command that explains an event of files, with the flags of cmd that
// explain has too.
func (p Program) explainLine(cmd *cobra.Command, files []string) func(problem.Place) string {
	has := p.explainCommand().Flags()
	return func(at problem.Place) string {
		words := []string{"rudderklaviyo", "explain", "--line", strconv.Itoa(at.Line)}
		if at.Event > 0 {
			words = append(words, "--event", strconv.Itoa(at.Event))
		}
		cmd.Flags().Visit(func(flag *pflag.Flag) {
			if has.Lookup(flag.Name) != nil && !ofExplainAlone[flag.Name] {
				words = append(words, flagWords(flag)...)
			}
		})
		file := files[0]
		if at.File != "" {
			file = at.File
		}
		if file != input.Stdin && strings.HasPrefix(file, "-") {
			words = append(words, "--")
		}
		return strings.Join(append(words, quote(file)), " ")
	}
}

// replayLine is the command that sends the dead letters of a file again, with the flags of cmd
// that replay has too: after a simulation it simulates.
func (p Program) replayLine(cmd *cobra.Command, letters string) string {
	has := p.replayCommand().Flags()
	words := []string{"rudderklaviyo", "replay"}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		if has.Lookup(flag.Name) != nil && flag.Name != reportFlag && flag.Name != outputFlag {
			words = append(words, flagWords(flag)...)
		}
	})
	if strings.HasPrefix(letters, "-") {
		words = append(words, "--")
	}
	return strings.Join(append(words, quote(letters)), " ")
}

// ofExplainAlone are the flags that explain has for itself, and those that it doesn't need.
var ofExplainAlone = map[string]bool{"line": true, "event": true, "output": true, logLevelFlag: true, logFormatFlag: true}
