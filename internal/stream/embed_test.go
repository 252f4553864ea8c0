package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats-server/v2/server"
)

// embed starts a server in a folder.
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

// read reads messages up to one with a sequence.
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
		t.Errorf("it syncs each message: %t; it listens on %v", s.JetStreamConfig().SyncAlways, s.Addr())
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

func TestFullBacklog(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{MaxBacklog: 10_000})
	text := strings.Repeat("x", 1000)
	kept := 0
	for ; kept < 100; kept++ {
		_, err := a.Publish(t.Context(), []byte(text), 1, fmt.Sprint(kept))
		if errors.Is(err, ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if kept == 0 || kept > 10 {
		t.Fatalf("%d messages of 1,000 bytes fit in 10,000", kept)
	}
	if n := len(read(t, a, 0, uint64(kept))); n != kept {
		t.Errorf("%d of %d messages are there", n, kept)
	}
	if err := a.Purge(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	publish(t, a, text, 1)
	a = account(t, a.engine, Limits{MaxBacklog: 100_000})
	for i := range 20 {
		publish(t, a, fmt.Sprint(i, text), 1)
	}
	before, err := a.Backlog(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a = account(t, a.engine, Limits{MaxBacklog: 5_000}) // less than there is
	if _, err := a.Publish(t.Context(), []byte(text), 1, "no room"); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
	if after, err := a.Backlog(t.Context()); err != nil || after != before {
		t.Errorf("a lower limit has removed messages: %+v, %v, want %+v", after, err, before)
	}
}

func TestLargestMessage(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	text := strings.Repeat("x", MaxMessage)
	for range 5 { // more than a reader holds
		if _, err := a.Publish(t.Context(), []byte(text), 1, fmt.Sprint(time.Now())); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range read(t, a, 0, 5) {
		if string(m.Data) != text {
			t.Errorf("message %d is another", m.Seq)
		}
	}
	if _, err := a.Publish(t.Context(), []byte(text+"x"), 1, "larger"); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestReaderGoesOn(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	r := a.Read(0)
	defer r.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	const messages = 2000
	var publishers sync.WaitGroup
	for p := range 20 {
		publishers.Go(func() {
			for i := range messages / 20 {
				if _, err := a.Publish(t.Context(), make([]byte, 2000), 1, fmt.Sprint(p, "-", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for want := uint64(1); want <= messages; want++ {
		if want%300 == 0 {
			if err := a.Purge(t.Context(), want-1); err != nil {
				t.Fatal(err)
			}
		}
		if want%500 == 0 { // as the server does when it starts again
			if err := a.engine.conn.ForceReconnect(); err != nil {
				t.Fatal(err)
			}
		}
		m, err := r.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if m.Seq != want {
			t.Fatalf("message %d, want %d", m.Seq, want)
		}
	}
	publishers.Wait()
	if err := a.Purge(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	seq := publish(t, a, "last", 1)
	if m, err := r.Next(t.Context()); err != nil || m.Seq != seq {
		t.Errorf("message %d, %v, want %d", m.Seq, err, seq)
	}
	if got := read(t, a, 100, seq); len(got) != 1 || got[0].Seq != seq {
		t.Errorf("after a gap: %v", texts(got))
	}
	a.engine.Close()
	if _, err := r.Next(t.Context()); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if _, err := a.Publish(t.Context(), nil, 1, "closed"); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
	if err := a.engine.Available(); !errors.Is(err, ErrUnavailable) {
		t.Error(err)
	}
}

// TestReaderHoldsLittle reads one of many large messages and lets the others wait.
func TestReaderHoldsLittle(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	const size, messages = 1 << 20, 32
	for i := range messages {
		if _, err := a.Publish(t.Context(), make([]byte, size), 1, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	r := a.Read(0)
	defer r.Close()
	if _, err := r.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := r.consumer.Info(t.Context())
	if err != nil || info.Delivered.Consumer*size > fetchBytes || info.NumPending+info.Delivered.Consumer != messages {
		t.Errorf("%d of %d messages have been sent, %v", info.Delivered.Consumer, messages, err)
	}
	r.Close()
	for deadline, consumers := soon(), 1; consumers > 0; {
		info, err := a.events.Info(t.Context())
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%+v, %v", info, err)
		}
		consumers = info.State.Consumers
	}
}

// TestReaderOfAnotherStream reads one that was restored, from an older copy say.
func TestReaderOfAnotherStream(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	publish(t, a, "m1", 1)
	r := a.Read(1000)
	defer r.Close()
	if m, err := r.Next(t.Context()); err != nil || m.Seq != 1 {
		t.Errorf("%+v, %v", m, err)
	}
}

// TestPositionOfAnotherStream is passed over nothing, however long the stream has become that
// was made in the place of the one before.
func TestPositionOfAnotherStream(t *testing.T) {
	e := embed(t, t.TempDir())
	claim := Claim{Owner: "me", Lease: time.Minute}
	position := func(a *Account, want Position) {
		t.Helper()
		lease, err := a.Own(t.Context(), claim)
		if err != nil {
			t.Fatal(err)
		}
		if got := lease.Checkpoint().Position; got != want {
			t.Errorf("it goes on at %+v, want %+v", got, want)
		}
		if err := lease.Release(t.Context(), Checkpoint{Position: Position{Seq: 2, Event: 1}}, ""); err != nil {
			t.Fatal(err)
		}
	}
	a := account(t, e, Limits{})
	position(a, Position{})
	position(a, Position{Seq: 2, Event: 1})
	if err := e.js.DeleteStream(t.Context(), "EV_"+a.Name()); err != nil {
		t.Fatal(err)
	}
	a = account(t, e, Limits{})
	for i := range 3 {
		publish(t, a, fmt.Sprint("m", i), 1)
	}
	position(a, Position{})
	position(a, Position{Seq: 2, Event: 1})
}

func TestLetters(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	var letters []Letter
	for i := range 200 {
		letters = append(letters, Letter{Code: []string{"invalid", "unavailable"}[i%2], Seq: uint64(i/3 + 1), Event: i%3 + 1, Record: []byte(fmt.Sprint(i))})
	}
	for range 2 { // keeps one of two
		if err := a.KeepLetters(t.Context(), letters...); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.KeepLetters(t.Context(), Letter{Code: "not a.code"}); err == nil {
		t.Error("a code with a dot is taken")
	}
	got, last := map[string]Letter{}, uint64(0)
	for l, err := range a.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if l.ID <= last {
			t.Errorf("letter %d comes after %d", l.ID, last)
		}
		last = l.ID
		got[string(l.Record)] = l
	}
	if len(got) != len(letters) {
		t.Fatalf("%d of %d letters", len(got), len(letters))
	}
	var ids []uint64
	for i, want := range letters {
		l := got[fmt.Sprint(i)]
		want.ID = l.ID
		if diff := cmp.Diff(want, l); diff != "" {
			t.Errorf("letter %d (-want +got)\n%s", i, diff)
		}
		if l.Code == "invalid" {
			ids = append(ids, l.ID)
		}
	}
	counts := func(want map[string]int) {
		t.Helper()
		for range 2 {
			if counts, err := a.LetterCounts(t.Context()); err != nil || !cmp.Equal(counts, want) {
				t.Errorf("%v, %v, want %v", counts, err, want)
			}
		}
	}
	counts(map[string]int{"invalid": 100, "unavailable": 100})
	for range 2 {
		if err := a.DeleteLetters(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
	}
	counts(map[string]int{"unavailable": 100})
	n := 0
	for _, err := range a.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 7 {
			break
		}
	}
	of := map[string]int{}
	for _, code := range []string{"unavailable", "invalid", "una", "*", "not a.code"} {
		for l, err := range a.Letters(t.Context(), code, 0) {
			if err != nil || l.Code != code {
				t.Errorf("letters of %s: %+v, %v", code, l, err)
			}
			of[code]++
		}
	}
	if want := map[string]int{"unavailable": 100}; !cmp.Equal(of, want) {
		t.Errorf("letters by code %v, want %v", of, want)
	}
	for l, err := range a.Letters(t.Context(), "", last) {
		t.Errorf("after the last: %v, %v", l, err)
	}
}

// TestLetterCountsByCode counts letters without having the server name them, if all their codes
// are noted.
// TestLargeLettersStayInOrder so that a replay, which has only some megabytes of them in memory,
// has them in the order of their events.
func TestLargeLettersStayInOrder(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	letters := make([]Letter, 12)
	for i := range letters {
		letters[i] = Letter{Code: "invalid", Seq: uint64(i + 1), Event: 1, Record: make([]byte, letterBytesAtOnce/2+1)}
	}
	if err := a.KeepLetters(t.Context(), letters...); err != nil {
		t.Fatal(err)
	}
	next := uint64(1)
	for letter, err := range a.Letters(t.Context(), "", 0) {
		if err != nil || letter.Seq != next {
			t.Fatalf("letter %d is of message %d, %v", next, letter.Seq, err)
		}
		next++
	}
	if next != 13 {
		t.Errorf("%d letters", next-1)
	}
}

func TestLetterCountsByCode(t *testing.T) {
	e := embed(t, t.TempDir())
	keep := func(a *Account, seq uint64, codes ...string) {
		t.Helper()
		for i, code := range codes {
			if err := a.KeepLetters(t.Context(), Letter{Code: code, Seq: seq, Event: i + 1, Record: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
	}
	counts := func(a *Account, want map[string]int) {
		t.Helper()
		info, err := a.info(t.Context(), a.letters)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.countByCode(t.Context(), info); err != nil || !cmp.Equal(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
		for consumer := range a.letters.ListConsumers(t.Context()).Info() {
			t.Errorf("the consumer of %q is left", consumer.Config.FilterSubject)
		}
	}
	a := account(t, e, Limits{})
	counts(a, map[string]int{})
	keep(a, 1, "invalid", "unavailable", "invalid")
	counts(a, map[string]int{"invalid": 2, "unavailable": 1})
	other := account(t, e, Limits{MaxLetters: 1 << 20}) // as another process has it
	keep(other, 2, "invalid", "missing_type")
	counts(a, map[string]int{"invalid": 3, "unavailable": 1, "missing_type": 1})

	info, err := a.info(t.Context(), a.letters)
	if err != nil {
		t.Fatal(err)
	}
	delete(info.Config.Metadata, codePrefix+"unavailable")
	if _, err := e.js.UpdateStream(t.Context(), info.Config); err != nil {
		t.Fatal(err)
	}
	counts(a, nil)
	keep(account(t, e, Limits{}), 3, "unavailable")
	counts(a, map[string]int{"invalid": 3, "unavailable": 2, "missing_type": 1})

	for i := range codesNoted + 3 {
		keep(a, 4, fmt.Sprint("made-up-", i))
	}
	counts(a, nil)
	if all, err := a.LetterCounts(t.Context()); err != nil || len(all) != codesNoted+3+3 {
		t.Errorf("%d codes, %v", len(all), err)
	}
}

// TestHealthOfABusyServer takes none for ill that doesn't find the time to see whether it has
// started.
func TestHealthOfABusyServer(t *testing.T) {
	s, err := server.NewServer(&server.Options{DontListen: true, NoSigs: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if s.Healthz(nil).Error == "" {
		t.Fatal("it hasn't started, and says nothing of it")
	}
	if got := unhealthy(s); got != "" {
		t.Error(got)
	}
}

// TestPurgeBeyondTheEnd leaves a stream alone that was made anew: the server would go on
// counting behind the sequence, and remove what is there.
func TestPurgeBeyondTheEnd(t *testing.T) {
	a := account(t, embed(t, t.TempDir()), Limits{})
	publish(t, a, "m1", 1)
	if err := a.Purge(t.Context(), 100); err != nil {
		t.Fatal(err)
	}
	publish(t, a, "m2", 1)
	if diff := cmp.Diff([]string{"m1", "m2"}, texts(read(t, a, 0, 2))); diff != "" {
		t.Errorf("messages (-want +got)\n%s", diff)
	}
}
