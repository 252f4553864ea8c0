package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// killWhen starts the process and kills it when isDue returns true. It reports whether the process
// had ended by itself.
func (p *process) killWhen(isDue func() bool) (ended bool) {
	p.t.Helper()
	p.start()
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		p.wait()
	}()
	for deadline := time.Now().Add(5 * time.Minute); !isDue(); {
		select {
		case <-exited:
			return true
		case <-time.After(20 * time.Microsecond):
		}
		if time.Now().After(deadline) {
			p.signal(syscall.SIGQUIT) // it writes what its goroutines do
			<-exited
			p.t.Fatalf("the moment to kill the process did not come within 5 minutes:\n%s", &p.stderrText)
		}
	}
	err := p.cmd.Process.Kill()
	<-exited
	return err != nil || p.cmd.ProcessState.Exited()
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// lettersByID returns the line and the code of dead letters by their event's messageId,
// of which each may have one.
func lettersByID(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	letters := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var letter struct {
			Line  int
			Event struct{ MessageID string }
			Error struct{ Code string }
		}
		if err := json.Unmarshal([]byte(line), &letter); err != nil {
			continue // cut off by a kill; the event was sent again
		}
		id := letter.Event.MessageID
		if letters[id] != "" {
			t.Errorf("event %s is a dead letter twice", id)
		}
		letters[id] = fmt.Sprint(letter.Line, letter.Error.Code)
	}
	return letters
}

// killed is a send that is killed repeatedly.
type killed struct {
	*slow
	args       []string
	dead       string
	checkpoint string
}

func newKilled(t *testing.T, revision, events string) *killed {
	dir := t.TempDir()
	k := &killed{slow: slowly(t), dead: filepath.Join(dir, "dead.jsonl"), checkpoint: filepath.Join(dir, "progress.json")}
	k.args = []string{"send", "--revision", revision, "--base-url", k.url, "--concurrency", "4", "--output", "json", "--dead-letter", k.dead, "--checkpoint", k.checkpoint, events}
	return k
}

// A moment is a moment to kill a process at.
type moment struct {
	name string
	// is reports whether the moment has come. dead is the previous size of the dead-letter file.
	is func(k *killed, dead int64) bool
}

const answerLost = "a call in bulk taken but not answered"

var moments = []moment{
	{"a request under way", func(k *killed, _ int64) bool { return k.underWay.Load() > 0 }},
	{"a batch under way", func(k *killed, _ int64) bool { return k.batches.Load() > 0 }},
	{"a call in bulk under way", func(k *killed, _ int64) bool { return k.bulk.Load() > 0 }},
	{answerLost, func(k *killed, _ int64) bool { return k.unanswered.Load() > 0 }},
	{"a checkpoint being saved", func(k *killed, _ int64) bool { return size(k.nextCheckpoint()) >= 0 }},
	{"a dead letter just written", func(k *killed, dead int64) bool { return size(k.dead) > dead }},
}

func (k *killed) nextCheckpoint() string {
	return filepath.Join(filepath.Dir(k.checkpoint), "."+filepath.Base(k.checkpoint)+".tmp")
}

// size returns the size of a file, or -1 if there is none.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return -1
	}
	return info.Size()
}

// patience is how long to wait for a moment while the server holds all events: it may not come.
const patience = 50 * time.Millisecond

// kill kills a run at a moment after a number of events have arrived. The server accepts most
// events at most, or one bulk call more, so the kill falls between the two on any machine. It
// returns the moments that the kill fell on.
func (k *killed) kill(t *testing.T, after, most int, at moment) (fell []string) {
	var dead int64 = -1
	var due time.Time // when to kill even if the moment doesn't come
	k.hold(after, most)
	ended := newProcess(t, k.args...).killWhen(func() bool {
		if int(k.events.Load()) < after {
			return false
		}
		if dead < 0 {
			dead = max(size(k.dead), 0)
		}
		if due.IsZero() && k.isHolding() {
			due = time.Now().Add(patience)
		}
		if !at.is(k, dead) && (due.IsZero() || time.Now().Before(due)) {
			return false
		}
		for _, m := range moments {
			if m.is(k, dead) {
				fell = append(fell, m.name)
			}
		}
		return true
	})
	if ended {
		t.Fatal("the run ended although the server held its events")
	}
	k.awaitSilence(t)
	if size(k.checkpoint) > 4096 {
		t.Errorf("the checkpoint has %d bytes", size(k.checkpoint))
	}
	return fell
}

// TestKilledSendGoesOn kills sends of each revision a hundred times, at all parts of the input, and
// compares the result with that of a run that isn't killed.
func TestKilledSendGoesOn(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	for _, revision := range openapi.Revisions() {
		t.Run(revision, func(t *testing.T) {
			t.Parallel()
			description, err := openapi.Description(revision)
			if err != nil {
				t.Fatal(err)
			}
			testKilledSend(t, revision, bytes.Contains(description, []byte("/api/event-bulk-create-jobs:")))
		})
	}
}

func testKilledSend(t *testing.T, revision string, hasBulk bool) {
	const kills, killsOfOne, parts = 100, 20, 10
	people, events := 12, 300
	if hasBulk {
		people, events = 60, 1000 // to fill its calls
	}
	random := seeded(t)
	path := journey(t, random, people, events)

	undisturbed := newKilled(t, revision, path)
	start(t, nil, undisturbed.args...).wantStatus(3)
	if isInBulk := undisturbed.inBulk.Load() > 0; isInBulk != hasBulk {
		t.Fatalf("%d events went in bulk", undisturbed.inBulk.Load())
	}
	want, wantLetters := stateOf(t, undisturbed.Klaviyo), lettersByID(t, undisturbed.dead)

	most := len(want.Events) // that arrive before a kill
	over := 0                // by which a call in bulk may exceed it
	if hasBulk {
		most, over = most-maxBulk, maxBulk
	}
	var mu sync.Mutex
	var fellAt [parts]int // by the part of the events that had arrived
	fellOn := map[string]int{}
	t.Run("kills", func(t *testing.T) {
		for chain := range kills / killsOfOne {
			random := rand.New(rand.NewPCG(random.Uint64(), 0))
			t.Run(fmt.Sprint(chain+1), func(t *testing.T) {
				t.Parallel()
				k := newKilled(t, revision, path)
				for i := range killsOfOne {
					// Each kill has its own range of the events. Two ranges make a part.
					first, last := i*most/killsOfOne, (i+1)*most/killsOfOne-1
					fell := k.kill(t, first+random.IntN(last-first+1), last, moments[random.IntN(len(moments))])
					arrived := len(k.Events())
					if arrived < first || arrived > last+over {
						t.Errorf("%d events had arrived, want %d to %d", arrived, first, last+over)
					}
					mu.Lock()
					fellAt[min(arrived*parts/most, parts-1)]++
					for _, name := range fell {
						fellOn[name]++
					}
					mu.Unlock()
				}
				k.hold(0, math.MaxInt)
				p := start(t, nil, k.args...)
				p.wantStatus(3)
				if !strings.Contains(p.stdout.String(), fmt.Sprintf(`"events":%d,`, events)) || !strings.Contains(p.stdout.String(), fmt.Sprintf(`"dead_lettered":%d,`, len(wantLetters))) {
					t.Errorf("the summary is not of all events: %s", &p.stdout)
				}
				if diff := cmp.Diff(want, stateOf(t, k.Klaviyo)); diff != "" {
					t.Errorf("the account differs from that of a run that isn't killed (-want +got)\n%.3000s", diff)
				}
				if diff := cmp.Diff(wantLetters, lettersByID(t, k.dead)); diff != "" {
					t.Errorf("dead letters (-want +got)\n%.3000s", diff)
				}
			})
		}
	})
	t.Logf("%d kills; by tenths of the events that had arrived: %v; with %v", kills, fellAt, fellOn)
	for part, n := range fellAt {
		if n == 0 {
			t.Errorf("no kill fell on part %d of %d", part+1, parts)
		}
	}
	if hasBulk && fellOn[answerLost] == 0 {
		t.Errorf("no kill fell on %s", answerLost)
	}
}
