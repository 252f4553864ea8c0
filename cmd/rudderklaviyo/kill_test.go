package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// slow is a Klaviyo behind a socket that takes its time, and sees what is under way.
type slow struct {
	*klaviyotest.Klaviyo
	url         string
	connections atomic.Int64
	requests    atomic.Int64 // that have come
	underWay    atomic.Int64
	batches     atomic.Int64 // of subscriptions, under way
	bulk        atomic.Int64 // calls for many events, under way
	inBulk      atomic.Int64 // events that they brought
	unanswered  atomic.Int64 // those of them that were taken
	events      atomic.Int64 // that it has taken, as of the last request that was let in

	mu      sync.Mutex
	least   int           // events that it takes, also where a call in bulk has more
	most    int           // events that it takes else; requests for more are held
	letIn   int           // events of requests under way
	held    int           // requests for events
	changed chan struct{} // is closed when a held request may be let in
}

func slowly(t *testing.T) *slow {
	s := &slow{Klaviyo: klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithAnyList(), klaviyotest.WithoutLimits(), klaviyotest.WithoutRequestLog())}
	s.most, s.changed = math.MaxInt, make(chan struct{})
	s.Inject(
		klaviyotest.Fault{Times: -1, Delay: time.Millisecond, Status: http.StatusBadRequest, Code: "invalid",
			When: func(r *http.Request) bool { return isEvent(r) && hasBody(r, refused) }},
		klaviyotest.Fault{Delay: time.Millisecond, Times: -1})
	server := httptest.NewUnstartedServer(s)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.connections.Add(1)
		case http.StateClosed, http.StateHijacked:
			s.connections.Add(-1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	s.underWay.Add(1)
	defer s.underWay.Add(-1)
	if strings.Contains(r.URL.Path, "subscription") {
		s.batches.Add(1)
		defer s.batches.Add(-1)
	}
	if !isEvent(r) && !isBulk(r) {
		s.Klaviyo.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body) // only then it is noticed that the client is gone
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if isEvent(r) {
		if s.enter(r, 1) {
			defer s.leave(1)
			s.Klaviyo.ServeHTTP(w, r)
		}
		return
	}
	s.bulk.Add(1)
	defer s.bulk.Add(-1)
	ids := len(uniqueID.FindAll(body, -1))
	switch faults := refusedIn(body); {
	case ids > maxBulk:
		w.WriteHeader(http.StatusRequestEntityTooLarge)
	case len(faults) > 0:
		w.Header().Set("Content-Type", "application/vnd.api+json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"errors":[%s]}`, strings.Join(faults, ","))
	case s.enter(r, ids):
		answer := httptest.NewRecorder()
		s.Klaviyo.ServeHTTP(answer, r)
		s.leave(ids)
		s.inBulk.Add(int64(ids))
		s.unanswered.Add(1)
		defer s.unanswered.Add(-1)
		time.Sleep(2 * time.Millisecond) // in which it may be killed
		w.WriteHeader(answer.Code)
		w.Write(answer.Body.Bytes())
	}
}

// maxBulk is how many events the server takes in a call, so that a killed run has a few.
const maxBulk = 64

var uniqueID = regexp.MustCompile(`"unique_id":`)

func isEvent(r *http.Request) bool { return strings.TrimSuffix(r.URL.Path, "/") == "/api/events" }
func isBulk(r *http.Request) bool  { return strings.Contains(r.URL.Path, "event-bulk-create") }

// refusedIn gives the errors of a call in bulk, one for each event in it that Klaviyo
// refuses.
func refusedIn(body []byte) (faults []string) {
	var call struct {
		Data struct {
			Attributes struct {
				Entries struct {
					Data []json.RawMessage
				} `json:"events-bulk-create"`
			}
		}
	}
	if err := json.Unmarshal(body, &call); err != nil {
		panic(err) // the program wrote it
	}
	for i, entry := range call.Data.Attributes.Entries.Data {
		if bytes.Contains(entry, []byte(refused)) {
			faults = append(faults, fmt.Sprintf(`{"code":"invalid","source":{"pointer":"/data/attributes/events-bulk-create/data/%d/attributes/events/data/0"}}`, i))
		}
	}
	return faults
}

// enter waits until a request can't make too many events. It tells whether the client is
// still there.
func (s *slow) enter(r *http.Request, events int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for taken := s.taken(); taken+events > s.most && taken >= s.least; taken = s.taken() {
		changed := s.changed
		s.held++
		s.mu.Unlock()
		select {
		case <-changed:
		case <-r.Context().Done():
		}
		s.mu.Lock()
		s.held--
		if r.Context().Err() != nil {
			return false
		}
	}
	s.letIn += events
	return true
}

// taken is how many events will have been taken when the requests under way are through.
func (s *slow) taken() int { return int(s.events.Load()) + s.letIn }

func (s *slow) leave(events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letIn -= events
	s.events.Store(int64(len(s.Events())))
	s.wake()
}

func (s *slow) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// hold holds the requests for events that would make more than most, once there are the
// least.
func (s *slow) hold(least, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.least, s.most = least, most
	s.wake()
}

// isHolding tells that no event is let in that has come.
func (s *slow) isHolding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.held > 0 && s.letIn == 0
}

// awaitSilence waits until the requests of a process that was killed are through: they
// are not to come after those of the next.
func (s *slow) awaitSilence(t *testing.T) {
	t.Helper()
	servetest.Eventually(t, "the connections of the killed process are closed", func() bool { return s.connections.Load() == 0 })
}

// killWhen starts the process and kills it when it is due. It tells whether it had ended
// by itself.
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
			p.t.Fatalf("the moment to kill it never came:\n%s", &p.said)
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

// lettersByID gives the line and the code of dead letters by their event's messageId,
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

// killed is a send that is killed again and again.
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

// A moment is one to kill a process at.
type moment struct {
	name string
	// is tells whether it has come, while the file of dead letters was so long before.
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

// size is how long a file is, or negative if there is none.
func size(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return -1
	}
	return info.Size()
}

// patience is how long a moment is awaited while the server holds the events, where it
// may not come any more.
const patience = 50 * time.Millisecond

// kill kills a run at a moment after so many events have arrived, while the server takes so
// many at most, or a call in bulk more: it falls between the two however fast the machine is. It gives the moments
// that it was at.
func (k *killed) kill(t *testing.T, after, most int, at moment) (fell []string) {
	var dead int64 = -1
	var due time.Time // without the moment
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
		t.Fatal("the run ended although its events were held")
	}
	k.awaitSilence(t)
	if size(k.checkpoint) > 4096 {
		t.Errorf("the checkpoint has %d bytes", size(k.checkpoint))
	}
	return fell
}

// TestKilledSendGoesOn kills sends of each revision at a hundred moments all over the input
// and compares what they leave with what an undisturbed one does.
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
					// Each has a stretch of the events to itself, and two of them make a part.
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
					t.Errorf("the account is not that of an undisturbed run (-want +got)\n%.3000s", diff)
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

// TestKilledSendWaitsForItsImport kills a send whose import Klaviyo has taken, adds newer values
// to the input, and goes on: the import ends last if nobody waits for it.
func TestKilledSendWaitsForItsImport(t *testing.T) {
	t.Parallel()
	const outlives = 2 * time.Second
	var jobs atomic.Int64
	account := klaviyotest.New(klaviyotest.WithoutLimits(), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
		if jobs.Add(1) > 1 {
			return klaviyotest.JobPlan{}
		}
		return klaviyotest.JobPlan{Queued: outlives}
	}))
	account.Inject(klaviyotest.Fault{Delay: time.Millisecond, Times: -1})
	server := httptest.NewServer(account)
	t.Cleanup(server.Close)
	write := func(path, name string) {
		t.Helper()
		file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		for i := range 50 {
			if _, err := fmt.Fprintf(file, `{"type":"identify","traits":{"email":"p%d@example.com","firstName":%q}}`+"\n", i, name); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "events.jsonl")
	write(path, "Old")
	args := []string{"send", "--revision=2026-07-15", "--concurrency=1", "--base-url=" + server.URL, "--no-dead-letter", "--checkpoint=" + filepath.Join(dir, "progress.json"), path}
	if newProcess(t, args...).killWhen(func() bool { return jobs.Load() > 0 }) {
		t.Fatal("the run ended although its import is under way")
	}
	write(path, "New")
	began := time.Now()
	p := start(t, nil, args...)
	p.wantStatus(0)
	first := account.Jobs()[0]
	if first.Ended.IsZero() {
		t.Error("it ended before the import")
	}
	if said := p.said.String(); began.Sub(first.Created) < outlives/4 && !strings.Contains(said, "Profiles wait for the import jobs that an earlier run, or another program, has begun: "+first.ID+".") {
		t.Errorf("it doesn't say what it waits for: %s", said)
	}
	for _, profile := range account.Profiles() {
		if profile.Attributes.FirstName != "New" {
			t.Errorf("%s is %s", profile.Attributes.Email, profile.Attributes.FirstName)
		}
	}
}

// TestKilledReplayLosesNothing kills replay at random moments around its end, where
// the file is replaced.
func TestKilledReplayLosesNothing(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes a while")
	}
	random := seeded(t)
	g, revisions := slowly(t), openapi.Revisions()
	done, kept := 0, 0
	for round := range 60 {
		var text strings.Builder
		var ids []string
		for i := range 20 {
			id, email := fmt.Sprintf("r%d-%d", round, i), fmt.Sprintf("p%d@example.com", i)
			if i%4 == 0 {
				email = "nobody" // fails again
			}
			ids = append(ids, id)
			fmt.Fprintf(&text, `{"line":%d,"event":{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":%q}}},"error":{"code":"unavailable"},"attempts":8}`+"\n", i+1, id, email)
		}
		path := filepath.Join(t.TempDir(), "dead.jsonl")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		last := g.requests.Load() + 15 - random.Int64N(4)
		pause := time.Duration(random.Int64N(int64(15 * time.Millisecond)))
		newProcess(t, "replay", "--revision", revisions[round%len(revisions)], "--base-url", g.url, "--concurrency", "2", path).killWhen(func() bool {
			if g.requests.Load() < last {
				return false
			}
			time.Sleep(pause)
			return true
		})
		g.awaitSilence(t)

		left, delivered := lettersByID(t, path), map[string]bool{}
		for _, e := range g.Events() {
			delivered[e.UniqueID] = true
		}
		for _, id := range ids {
			if left[id] == "" && !delivered[id] {
				t.Fatalf("round %d: the event of record %s is gone", round, id)
			}
		}
		switch len(left) {
		case 5:
			done++
		case 20:
			kept++
		default:
			t.Errorf("round %d: the file is neither the old nor the new one: %d records", round, len(left))
		}
	}
	t.Logf("killed with the old file %d times, with the new one %d times", kept, done)
}

// hasBody tells whether a request's body has the text in it.
func hasBody(r *http.Request, text string) bool {
	body, err := io.ReadAll(r.Body)
	return err == nil && strings.Contains(string(body), text)
}
