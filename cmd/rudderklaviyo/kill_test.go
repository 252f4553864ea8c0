package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

const (
	kills  = 100
	people = 12
)

// journey makes a file with events of several people, as their sites send them:
// each identify and group changes what the ones before said, so that a wrong order
// shows. Some can't be delivered.
func journey(t *testing.T, random *rand.Rand, n int) string {
	t.Helper()
	var text strings.Builder
	for i := range n {
		person := random.IntN(people)
		event := map[string]any{
			"messageId": fmt.Sprintf("m%04d", i),
			"channel":   "web",
			"userId":    fmt.Sprintf("u-%d", person),
			"timestamp": time.Date(2026, 2, 24, 17, 0, i, 0, time.UTC),
		}
		traits := map[string]any{"email": fmt.Sprintf("p%d@example.com", person), "phone": fmt.Sprintf("+141555501%02d", person)}
		switch random.IntN(10) {
		case 0, 1, 2:
			event["type"] = "identify"
			traits["firstName"], traits["visits"] = fmt.Sprintf("Name %d", i), i
			traits[fmt.Sprintf("seen_%d", i%7)] = i
			event["context"] = map[string]any{"traits": traits}
		case 3:
			event["type"], event["groupId"] = "group", fmt.Sprintf("List%d", i%3)
			event["traits"] = map[string]any{"subscribe": true, "email": traits["email"], "phone": traits["phone"], "consent": []string{"email", "sms"}}
		case 4:
			event["type"], event["event"], event["userId"] = "track", "Ping", "" // nobody's
		default:
			event["type"], event["event"] = "track", []string{"Product Viewed", "Order Completed", "Signed Up"}[i%3]
			event["properties"] = map[string]any{"revenue": float64(i) / 4, "sku": fmt.Sprint("G-", i)}
			event["context"] = map[string]any{"traits": traits}
		}
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		text.Write(append(line, '\n'))
	}
	path := filepath.Join(t.TempDir(), "events.jsonl")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// account is what a Klaviyo holds, but for ids and the times of requests.
type account struct {
	Profiles      map[string]profile
	Events        map[string]klaviyotest.Event // by unique id
	Subscriptions []string
}

type profile struct {
	Attributes string
	Lists      []string
}

func stateOf(t *testing.T, k *klaviyotest.Klaviyo) account {
	t.Helper()
	state := account{Profiles: map[string]profile{}, Events: map[string]klaviyotest.Event{}}
	emails := map[string]string{} // by profile id
	for _, p := range k.Profiles() {
		text, err := json.Marshal(p.Attributes)
		if err != nil {
			t.Fatal(err)
		}
		var attributes map[string]any
		if err := json.Unmarshal(text, &attributes); err != nil {
			t.Fatal(err)
		}
		withoutTimes(attributes)
		if text, err = json.Marshal(attributes); err != nil {
			t.Fatal(err)
		}
		email := fmt.Sprint(attributes["email"])
		emails[p.ID] = email
		if _, twice := state.Profiles[email]; twice {
			t.Errorf("two profiles of %s", email)
		}
		slices.Sort(p.Lists)
		state.Profiles[email] = profile{string(text), p.Lists}
	}
	for _, e := range k.Events() {
		e.ProfileID, e.ID, e.MetricID = emails[e.ProfileID], "", ""
		if _, twice := state.Events[e.UniqueID]; twice {
			t.Errorf("event %s counts twice", e.UniqueID)
		}
		state.Events[e.UniqueID] = e
	}
	for _, s := range k.Subscriptions() {
		state.Subscriptions = append(state.Subscriptions, fmt.Sprint(s.ListID, s.Email, s.PhoneNumber, s.Channels))
	}
	slices.Sort(state.Subscriptions)
	state.Subscriptions = slices.Compact(state.Subscriptions) // one sent twice is one
	return state
}

// withoutTimes takes out what tells when a request came.
func withoutTimes(object map[string]any) {
	for name, value := range object {
		switch value := value.(type) {
		case map[string]any:
			withoutTimes(value)
		default:
			if slices.Contains([]string{"created", "updated", "timestamp"}, name) {
				delete(object, name)
			}
		}
	}
}

// slowly makes a Klaviyo that counts the requests and takes its time.
func slowly(t *testing.T) (g *gate, url string) {
	t.Helper()
	g = &gate{klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithAnyList(), klaviyotest.WithoutLimits(), klaviyotest.WithoutRequestLog()), make(chan struct{}, 100_000), make(chan struct{})}
	close(g.open)
	g.Inject(klaviyotest.Fault{Delay: time.Millisecond, Times: -1})
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return g, server.URL
}

// kill kills the process at a random moment within a time after it has made some
// requests, and tells whether it had ended by itself.
func (g *gate) kill(p *process, random *rand.Rand, requests int, within time.Duration) (ended bool) {
	p.t.Helper()
	for len(g.arrived) > 0 {
		<-g.arrived // those of the process before
	}
	p.start()
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		p.wait()
	}()
	for range requests {
		select {
		case <-g.arrived:
		case <-exited:
		}
	}
	time.Sleep(time.Duration(random.Int64N(int64(within))))
	err := p.cmd.Process.Kill()
	<-exited
	return err != nil || p.cmd.ProcessState.Exited()
}

func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// lettersByEvent gives the lines of a file of dead letters, one for each event.
func lettersByEvent(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	letters := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var letter struct {
			Line  int
			Event struct{ MessageID string }
		}
		if err := json.Unmarshal([]byte(line), &letter); err != nil {
			continue // cut off by a kill; the event was sent again
		}
		letters[letter.Event.MessageID] = line
	}
	return letters
}

func TestKilledSendGoesOn(t *testing.T) {
	random := seeded(t)
	events := journey(t, random, 800)
	send := func(url string) []string {
		dir := t.TempDir()
		return []string{"send", "--base-url", url, "--concurrency", "4", "--output", "json",
			"--dead-letter", filepath.Join(dir, "dead.jsonl"), "--checkpoint", filepath.Join(dir, "progress.json"), events}
	}

	undisturbed, url := slowly(t)
	args := send(url)
	start(t, nil, args...).wantStatus(3)
	want, wantLetters := stateOf(t, undisturbed.Klaviyo), lettersByEvent(t, args[8])

	g, url := slowly(t)
	args = send(url)
	for i := range kills {
		requests, within := random.IntN(40), 3*time.Millisecond
		if len(g.Events()) > len(want.Events)*i/(kills+kills/10) { // it is to last for all kills
			requests, within = 0, 30*time.Millisecond
		}
		if g.kill(newProcess(t, args...), random, requests, within) {
			t.Fatalf("it was done before kill %d", i+1)
		}
		if info, err := os.Stat(args[10]); err == nil && info.Size() > 4096 {
			t.Fatalf("the checkpoint has %d bytes", info.Size())
		}
	}
	t.Logf("after %d kills %d of %d events had arrived", kills, len(g.Events()), len(want.Events))
	p := start(t, nil, args...)
	p.wantStatus(3)
	if !strings.Contains(p.said.String(), "Going on at line") {
		t.Errorf("it does not say where it goes on:\n%s", &p.said)
	}
	if !strings.Contains(p.stdout.String(), `"events":800,`) || !strings.Contains(p.stdout.String(), fmt.Sprintf(`"dead_lettered":%d,`, len(wantLetters))) {
		t.Errorf("the summary is not of all events: %s", &p.stdout)
	}
	if diff := cmp.Diff(want, stateOf(t, g.Klaviyo)); diff != "" {
		t.Errorf("the account is not that of an undisturbed run (-want +got)\n%.3000s", diff)
	}
	if diff := cmp.Diff(wantLetters, lettersByEvent(t, args[8])); diff != "" {
		t.Errorf("dead letters (-want +got)\n%.3000s", diff)
	}
}

// TestKilledReplayLosesNothing kills replay at random moments around its end, where
// the file is replaced.
func TestKilledReplayLosesNothing(t *testing.T) {
	random := seeded(t)
	g, url := slowly(t)
	done, kept := 0, 0
	for round := range 60 {
		var text strings.Builder
		var ids []string
		for i := range 20 {
			id, email := fmt.Sprintf("r%d-%d", round, i), fmt.Sprintf("p%d@example.com", i)
			if i%4 == 0 {
				email = "" // fails again
			}
			ids = append(ids, id)
			fmt.Fprintf(&text, `{"line":%d,"event":{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":%q}}},"error":{"code":"unavailable"},"attempts":8}`+"\n", i+1, id, email)
		}
		path := filepath.Join(t.TempDir(), "dead.jsonl")
		if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		g.kill(newProcess(t, "replay", "--base-url", url, "--concurrency", "2", path), random, 15-random.IntN(4), 15*time.Millisecond)

		left, delivered := lettersByEvent(t, path), map[string]bool{}
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
