package command

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// The oldest revision, which is the default, and the latest.
var older, later = revisions[0].name, revisions[len(revisions)-1].name

func TestRevisionsAreTheMappers(t *testing.T) {
	var names []string
	for _, r := range revisions {
		names = append(names, r.name)
	}
	if !slices.Equal(names, mapper.Revisions()) {
		t.Errorf("%q, the mapper has %q", names, mapper.Revisions())
	}
}

func TestVersionSaysTheRevisions(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"--version"}} {
		r := setup{}.run(t, args...)
		r.want(t, statusDone)
		if missing := slices.IndexFunc(revisions, func(r2 revision) bool {
			return !strings.Contains(r.stdout, r2.name+"  ") || !strings.Contains(r.stdout, r2.until)
		}); missing >= 0 {
			t.Errorf("%q lacks %s:\n%s", args, revisions[missing].name, r.stdout)
		}
		if !strings.HasPrefix(r.stdout, "rudderklaviyo ") || !strings.HasSuffix(r.stdout, "\n") || strings.HasSuffix(r.stdout, "\n\n") {
			t.Errorf("%q: %q", args, r.stdout)
		}
	}
}

func TestRevisionCompletes(t *testing.T) {
	for _, command := range []string{"map", "plan", "explain", "send", "replay"} {
		r := setup{}.run(t, "__complete", command, "--revision", "")
		if !strings.HasPrefix(r.stdout, older+"\t") || !strings.Contains(r.stdout, "\n"+later+"\t") {
			t.Errorf("%s: %s", command, r.stdout)
		}
	}
}

// revisionServer serves the later revision alone, and takes every event once.
type revisionServer struct {
	mu    sync.Mutex
	taken []string // unique ids
	// others is how many requests of the older revision pass before it is retired.
	others int
}

func (s *revisionServer) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if req.Header.Get("revision") != later && s.others == 0 {
		return answers(http.StatusGone, `{"errors":[{"code":"gone","detail":"…"}]}`)(req), nil
	}
	if req.Header.Get("revision") != later {
		s.others--
	}
	var event struct {
		Data struct {
			Attributes struct {
				UniqueID string `json:"unique_id"`
			} `json:"attributes"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return nil, err
	}
	s.taken = append(s.taken, event.Data.Attributes.UniqueID)
	return answers(http.StatusAccepted, "")(req), nil
}

// TestRetiredRevisionGoesOn retires the revision in the middle of a run: the command that it
// prints sends the rest in the later one.
func TestRetiredRevisionGoesOn(t *testing.T) {
	for _, checkpoint := range []bool{false, true} {
		server := &revisionServer{others: 2}
		s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: server}
		dead := filepath.Join(t.TempDir(), "dead.jsonl")
		args := []string{"send", "--concurrency=1", "--dead-letter=" + dead}
		if checkpoint {
			args = append(args, "--checkpoint="+progressFile(t))
		}
		r := s.run(t, append(args, write(t, "events.jsonl", lines(track(1, "a"), track(2, "b"), track(3, "c"), track(4, "d"))))...)
		r.want(t, statusStopped, "stopped at line 3 of ", "Klaviyo no longer serves revision "+older+" (create_event was answered 410)\n"+
			"Add --revision "+later+", which continues from the same line:\n")
		command, args := r.resumption(t)
		if !slices.Contains(args, "--revision="+later) {
			t.Fatalf("the command is %q", args)
		}
		s.run(t, append([]string{command}, args...)...).want(t, statusDone)
		if want := []string{"a", "b", "c", "d"}; !slices.Equal(server.taken, want) {
			t.Errorf("taken: %q", server.taken)
		}
	}
}

// TestRetiredRevisionOfReplay keeps the file of dead letters whole, and the command that it
// prints replays it in the later revision.
func TestRetiredRevisionOfReplay(t *testing.T) {
	server := &revisionServer{}
	s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: server}
	record := lines(`{"line":7,"event":` + track(1, "a") + `,"error":{"code":"unavailable"},"attempts":8,"revision":"` + older + `"}`)
	dead := write(t, "dead.jsonl", record)
	r := s.run(t, "replay", dead)
	r.want(t, statusStopped, "The file holds what isn't done. Add --revision "+later+", which continues from the same line:\n")
	if got := read(t, dead); got != record {
		t.Errorf("the file holds %s", got)
	}
	command, args := r.resumption(t)
	s.run(t, append([]string{command}, args...)...).want(t, statusDone)
	if got := read(t, dead); got != "" || !slices.Equal(server.taken, []string{"a"}) {
		t.Errorf("taken %q, and the file holds %s", server.taken, got)
	}
}

// TestEarlierRevision refuses to go on in an earlier revision than before.
func TestEarlierRevision(t *testing.T) {
	s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: &revisionServer{}}
	events := write(t, "events.jsonl", lines(track(1, "a"), `{"type":"track","event":"Ping","traits":{"email":[]}}`))
	dead, saved := filepath.Join(t.TempDir(), "dead.jsonl"), progressFile(t)
	args := []string{"send", "--dead-letter=" + dead, "--checkpoint=" + saved, events}
	s.run(t, append(args, "--revision="+later)...).want(t, statusDeadLetters)
	record := read(t, dead)
	if !strings.Contains(record, `"attempts":0,"revision":"`+later+`"}`) {
		t.Errorf("the dead letter is %s", record)
	}

	s.run(t, args...).want(t, statusUsage, "it was delivered in revision "+later, older+" is earlier: add --revision "+later)
	s.run(t, append([]string{"plan"}, args[1:]...)...).want(t, statusUsage, "it was delivered in revision "+later)

	s.run(t, "replay", dead).want(t, statusDeadLetters, "the event failed in revision "+later, "add --revision "+later)
	if got := read(t, dead); got != record {
		t.Errorf("the file holds %s", got)
	}
	s.run(t, "replay", "--revision="+later, "--allow-external-id-only", dead).want(t, statusDeadLetters, "events dead-lettered: 1")
}

// TestReplayRenewsTheRevision says in a record for which revision its reason is.
func TestReplayRenewsTheRevision(t *testing.T) {
	record := `{"line":1,"event":{"type":"track","event":"Ping","traits":{"email":[]}},"error":{"code":"unavailable"},"attempts":8,"revision":"` + older + `"}`
	dead := write(t, "dead.jsonl", lines(record))
	s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: &revisionServer{}}
	s.run(t, "replay", "--revision="+later, dead).want(t, statusDeadLetters)
	if got := read(t, dead); !strings.Contains(got, `"missing_identifier"`) || !strings.Contains(got, `"revision":"`+later+`"`) {
		t.Errorf("the file holds %s", got)
	}
}

func TestRevisionNotice(t *testing.T) {
	notice := "Add --revision " + later
	events := write(t, "events.jsonl", lines(`{"type":"page"}`))
	dead := write(t, "dead.jsonl", lines(`{"line":1,"event":{"type":"page"},"error":{"code":"x"},"attempts":0}`))
	chosen := write(t, "config.yaml", "revision: "+older+"\n")
	for _, tt := range []struct {
		args []string
		want bool
	}{
		{nil, true},
		{[]string{"--base-url=https://a.klaviyo.com/"}, true},
		{[]string{"--base-url=https://klaviyo.test"}, false},
		{[]string{"--simulate"}, false},
		{[]string{"--revision=" + older}, false},
		{[]string{"--revision=" + later}, false},
		{[]string{"--config=" + chosen}, false},
	} {
		for command, file := range map[string]string{"send": events, "replay": dead} {
			s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: &revisionServer{}}
			r := s.run(t, append([]string{command, file}, tt.args...)...)
			r.want(t, statusDone)
			if got := strings.Contains(r.stderr, notice); got != tt.want {
				t.Errorf("%s %q: %s", command, tt.args, r.stderr)
			}
		}
		if r := (setup{}).run(t, "map", events); strings.Contains(r.stderr, notice) {
			t.Errorf("map: %s", r.stderr)
		}
	}
}
