// Package command is the program's command line: its commands, their flags and
// their exit statuses.
//
// Results go to standard output and everything else to standard error. Neither
// shows a key or a value of an event, but for the bodies that map prints.
package command

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// Program is the program with what it gets from its process.
type Program struct {
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// StderrIsTerminal has the commands show on Stderr how far they are.
	StderrIsTerminal bool
	// StdinIsTerminal has the commands say so when they wait for events there.
	StdinIsTerminal bool
	Getenv          func(string) string
	// Transport carries the requests of send and replay; nil is the network.
	Transport http.RoundTripper
	// NoPreflight has send and replay begin as with --no-preflight.
	NoPreflight bool
	// CheckpointInterval is the time between two writes of a checkpoint. The
	// default is [DefaultCheckpointInterval].
	CheckpointInterval time.Duration
	// LimitMemory sets the soft limit of the memory of Go's runtime, in bytes. The default
	// is to set none.
	LimitMemory func(bytes int64)

	// Hangups gives the SIGHUPs of the process, which have the service read its accounts
	// again; nil is for none. Once it is called they no longer stop the program.
	Hangups func() <-chan os.Signal

	// terminal is Stderr if that is one.
	terminal *lockedWriter
}

// Run runs the command that args name and gives the exit status. When ctx is
// done it finishes the requests on their way, and says how to go on.
func (p Program) Run(ctx context.Context, args []string) int {
	stderr := &lockedWriter{w: p.Stderr}
	p.Stderr = stderr
	if p.StderrIsTerminal && p.takesEscapes() {
		p.terminal = stderr
	}
	if p.CheckpointInterval == 0 {
		p.CheckpointInterval = DefaultCheckpointInterval
	}
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	cmd, err := root.ExecuteContextC(ctx)
	return p.status(cmd, err)
}

// lockedWriter is for the writers that don't know of each other. On a terminal it may
// show a line that stays at the bottom until the next one takes its place.
type lockedWriter struct {
	mu   sync.Mutex
	w    io.Writer
	line bool // there is one
}

func (l *lockedWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	return l.w.Write(p)
}

// showLine shows a line, of which a narrow terminal cuts the end off.
func (l *lockedWriter) showLine(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	l.line = true
	_, _ = io.WriteString(l.w, noWrap+text+wrap)
}

// clearLine takes the line away.
func (l *lockedWriter) clearLine() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
}

func (l *lockedWriter) clear() {
	if l.line {
		_, _ = io.WriteString(l.w, eraseLine)
		l.line = false
	}
}

// What a terminal understands.
const (
	eraseLine = "\r\x1b[K"
	noWrap    = "\x1b[?7l"
	wrap      = "\x1b[?7h"
)

// takesEscapes tells whether the terminals, where there are any, understand escapes. Those
// of editors and of some build servers say that they don't.
func (p Program) takesEscapes() bool { return p.Getenv("TERM") != "dumb" }

func (p Program) stdoutIsTerminal() bool {
	file, ok := p.Stdout.(*os.File)
	return ok && terminal.Is(file)
}

// stdoutWidth is how many characters a line of the terminal has, or 0 if standard output
// isn't one.
func (p Program) stdoutWidth() int {
	if !p.stdoutIsTerminal() {
		return 0
	}
	return terminal.Width(p.Stdout.(*os.File))
}

// hangups are those that the service takes over.
func (p Program) hangups() <-chan os.Signal {
	if p.Hangups == nil {
		return nil
	}
	return p.Hangups()
}

// Root is the program's command with all others below it, for what is made of their names,
// flags and help. To run one is for [Program.Run].
func Root() *cobra.Command {
	return Program{Getenv: func(string) string { return "" }}.rootCommand()
}

func (p Program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "rudderklaviyo",
		Short: "Deliver RudderStack events to Klaviyo",
		Long: `Deliver RudderStack events to Klaviyo. To send to a Klaviyo account, select a
revision of its API that Klaviyo serves: "version" lists them, and --revision or
the --config file selects one.

Events are JSON, read from files or standard input: JSON Lines, an array,
RudderStack batches, or RudderStack's archive, plain or compressed. Set the
private API key with KLAVIYO_API_KEY. Other settings come from flags,
environment variables, or a --config file with the keys of RudderStack's Klaviyo
destination.

Exit status: 0 success; 1 could not run or had to stop, and prints how to
continue; 2 invalid usage or settings; 3 done, but some events failed; 130
ended by a second Ctrl-C.`,
		Example: `  rudderklaviyo plan events.jsonl.gz
  rudderklaviyo map events.jsonl
  rudderklaviyo explain --line 7 events.jsonl
  rudderklaviyo send --simulate events.jsonl
  KLAVIYO_API_KEY=… rudderklaviyo send --config destination.yaml \
      --dead-letter dead.jsonl events.jsonl
  KLAVIYO_API_KEY=… rudderklaviyo replay --config destination.yaml dead.jsonl`,
		Version:       strings.TrimSpace(newVersions(thisBuild(), time.Now()).text()),
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if limit := memoryLimits[cmd.Name()]; limit > 0 && p.LimitMemory != nil {
				p.LimitMemory(limit)
			}
			return p.readEnvironment(cmd)
		},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return flagError(cmd, err) })
	root.SetUsageTemplate(usageTemplate)
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.AddGroup(commandGroups...)
	for group, commands := range map[string][]*cobra.Command{
		filesGroup:   {p.planCommand(), p.mapCommand(), p.explainCommand(), p.doctorCommand(), p.sendCommand(), p.replayCommand()},
		serviceGroup: {p.serveCommand(), p.healthcheckCommand(), p.deadLettersCommand()},
		othersGroup:  {p.configCommand(), p.versionCommand()},
	} {
		for _, cmd := range commands {
			cmd.GroupID = group
			root.AddCommand(cmd)
		}
	}
	root.SetHelpCommand(helpCommand())
	root.SetHelpCommandGroupID(othersGroup)
	root.SetCompletionCommandGroupID(othersGroup)
	return root
}
