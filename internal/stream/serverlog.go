package stream

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
)

// serverLog is the log of the server inside the process.
type serverLog struct {
	log   *slog.Logger
	fatal string // why it doesn't start

	mu      sync.Mutex
	rebuilt []string // the streams whose indexes it has made anew during its start
}

// outdatedIndex is what the server says of a stream whose index is older than its messages,
// because the process or the machine ended without a stop. The server makes the index anew of
// the messages, so that it is nothing to worry about. A message that it can't find is said in
// other words.
var outdatedIndex = regexp.MustCompile(`^Filestore \[(.+)\] (?:Stream state outdated, .*will rebuild|Recovering stream state from index errored: prior state file)$`)

func (l *serverLog) Noticef(format string, args ...any) { l.write(slog.LevelDebug, format, args) }
func (l *serverLog) Errorf(format string, args ...any)  { l.write(slog.LevelError, format, args) }
func (l *serverLog) Debugf(string, ...any)              {}
func (l *serverLog) Tracef(string, ...any)              {}

func (l *serverLog) Warnf(format string, args ...any) {
	outdated := outdatedIndex.FindStringSubmatch(fmt.Sprintf(format, args...))
	if outdated == nil {
		l.write(slog.LevelWarn, format, args)
		return
	}
	l.write(slog.LevelDebug, format, args)
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.Contains(l.rebuilt, outdated[1]) {
		l.rebuilt = append(l.rebuilt, outdated[1])
	}
}

func (l *serverLog) Fatalf(format string, args ...any) {
	l.write(slog.LevelError, format, args)
	l.fatal = fmt.Sprintf(format, args...)
}

func (l *serverLog) write(level slog.Level, format string, args []any) {
	l.log.Log(context.Background(), level, "NATS: "+fmt.Sprintf(format, args...))
}

// started tells in one line of the indexes that were made anew.
func (l *serverLog) started() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.rebuilt) > 0 {
		slices.Sort(l.rebuilt)
		l.log.Info("store index rebuilt", "streams", l.rebuilt, "reason", "the service ended without a stop", "advice", "nothing to do: no event is lost")
	}
}
