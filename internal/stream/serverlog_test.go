package stream

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestIndexOfAKilledProcess tells of an index that is older than the messages, as a kill leaves
// it, in one line that doesn't alarm.
func TestIndexOfAKilledProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	run := func(log *slog.Logger, text string) {
		e, err := Embed(EmbedConfig{Dir: dir, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		defer e.Close()
		publish(t, account(t, e, Limits{}), text, 1)
	}
	run(nil, "m1")
	var index string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, "EV_shop-eu/msgs/index.db") {
			index = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	run(nil, "m2")
	if err := os.WriteFile(index, old, 0o600); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	run(slog.New(slog.NewTextHandler(&log, nil)), "m3")
	const want = `level=INFO msg="store index rebuilt" streams=[EV_shop-eu] reason="the service ended without a stop" advice="nothing to do: no event is lost"`
	if !strings.Contains(log.String(), want) || strings.Count(log.String(), "\n") != 1 {
		t.Errorf("the log isn't %s:\n%s", want, &log)
	}
	e := embed(t, dir)
	if got := fmt.Sprint(texts(read(t, account(t, e, Limits{}), 0, 3))); got != "[m1 m2 m3]" {
		t.Errorf("kept: %s", got)
	}
}

// TestServerLog leaves other warnings of the server as they are.
func TestServerLog(t *testing.T) {
	var log strings.Builder
	l := &serverLog{log: slog.New(slog.NewTextHandler(&log, nil))}
	l.Warnf("Filestore [%s] Stream state detected prior state, could not locate msg block %d", "EV_eu", 7)
	l.started()
	if got := log.String(); !strings.Contains(got, `level=WARN msg="NATS: Filestore [EV_eu] Stream state detected prior state, could not locate msg block 7"`) || strings.Count(got, "\n") != 1 {
		t.Error(got)
	}
}
