package stream

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
)

// embed starts a server with a data folder.
func embed(t testing.TB, dir string) *Engine {
	t.Helper()
	e, err := Embed(EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func account(t testing.TB, e *Engine, limits Limits) *Account {
	t.Helper()
	a, err := e.Account(t.Context(), "shop-eu", limits)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func publish(t testing.TB, a *Account, text string, events int) uint64 {
	t.Helper()
	seq, err := a.Publish(t.Context(), []byte(text), events, text)
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

// read returns the messages between two sequences.
func read(t testing.TB, a *Account, after, last uint64) (messages []Message) {
	t.Helper()
	r := a.Read(after)
	defer r.Close()
	for after < last {
		m, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		after = m.Seq
		messages = append(messages, m)
	}
	return messages
}

func texts(messages []Message) (texts []string) {
	for _, m := range messages {
		texts = append(texts, string(m.Data))
	}
	return texts
}

func TestRestartKeepsWhatWasKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	e := embed(t, dir)
	a := account(t, e, Limits{})
	for i := range 5 {
		publish(t, a, fmt.Sprint("m", i+1), i)
	}
	if seq := publish(t, a, "m5", 4); seq != 5 {
		t.Errorf("the same id again has the sequence %d", seq)
	}
	if err := a.KeepLetters(t.Context(), Letter{Code: "invalid", Seq: 2, Event: 1, Record: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	claim := Claim{Owner: "me", Lease: time.Minute}
	lease, err := a.Own(t.Context(), claim)
	if err != nil {
		t.Fatal(err)
	}
	want := Checkpoint{Position{Seq: 3, Event: 2}, json.RawMessage(`{"delivered":7}`)}
	if err := lease.Save(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	if err := a.Purge(t.Context(), 2); err != nil {
		t.Fatal(err)
	}
	e.Close()
	if lease.Valid() {
		t.Error("the lease outlives the engine")
	}

	e = embed(t, dir)
	a = account(t, e, Limits{})
	if diff := cmp.Diff([]string{"m3", "m4", "m5"}, texts(read(t, a, 0, 5))); diff != "" {
		t.Errorf("messages (-want +got)\n%s", diff)
	}
	backlog, err := a.Backlog(t.Context())
	if err != nil || backlog.Events != 2+3+4 || backlog.Messages != 3 || backlog.Bytes == 0 || time.Since(backlog.Oldest) > time.Minute {
		t.Errorf("%+v, %v", backlog, err)
	}
	if lease, err = a.Own(t.Context(), claim); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, lease.Checkpoint()); diff != "" || lease.Epoch() != 2 {
		t.Errorf("epoch %d, (-want +got)\n%s", lease.Epoch(), diff)
	}
	if counts, err := a.LetterCounts(t.Context()); err != nil || !cmp.Equal(counts, map[string]int{"invalid": 1}) {
		t.Errorf("%v, %v", counts, err)
	}
	if seq := publish(t, a, "m6", 1); seq != 6 {
		t.Errorf("the next message has the sequence %d", seq)
	}
	if s := e.host.server; !s.JetStreamConfig().SyncAlways || s.Addr() != nil {
		t.Errorf("syncs each message: %t; listens on %v", s.JetStreamConfig().SyncAlways, s.Addr())
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %v: others may read it", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestHealthOfABusyServer checks that a server that hasn't checked yet whether it has started
// isn't reported as unhealthy.
func TestHealthOfABusyServer(t *testing.T) {
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Healthz(nil).Error == "" {
		t.Fatal("Healthz reports no error for a server that hasn't started")
	}
	if got := unhealthy(s); got != "" {
		t.Error(got)
	}
}
