package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// misreading is a server that refuses the first events with a 400, each at a place.
type misreading struct {
	klaviyo  *klaviyotest.Klaviyo
	pointers []string // of the events' refusals; those after them are taken
	events   atomic.Int64
}

func (m *misreading) RoundTrip(req *http.Request) (*http.Response, error) {
	if strings.HasPrefix(req.URL.Path, "/api/events") {
		if n := int(m.events.Add(1)); n <= len(m.pointers) {
			return refuses("invalid", fmt.Sprintf(`"pointer":%q`, m.pointers[n-1]))(req), nil
		}
	}
	return m.klaviyo.Transport().RoundTrip(req)
}

func repeated(n int, pointers ...string) (all []string) {
	for i := range n {
		all = append(all, pointers[i%len(pointers)])
	}
	return all
}

// TestMisread tells a server that reads another revision from refused events.
func TestMisread(t *testing.T) {
	const profile, metric, email = "/data/attributes/profile", "/data/attributes/metric/data", "/data/attributes/profile/$email"
	tests := []struct {
		name     string
		events   int
		pointers []string
		stops    bool
		dead     int
	}{
		{"the first ten at profile or metric", 12, repeated(10, profile, metric, profile+"/data", "/data/attributes/metric"), true, 0},
		{"all at profile", 200, repeated(200, profile), true, 0},
		{"nine, and then one taken", 12, repeated(9, profile), false, 9},
		{"nine, and then one for its email", 12, append(repeated(9, profile), email), false, 10},
		{"all for their email", 12, repeated(12, email), false, 12},
		{"one for its email, and then eleven at profile", 12, append([]string{email}, repeated(11, profile)...), false, 12},
		{"fewer than ten in all", 9, repeated(9, profile), false, 9},
	}
	for _, tt := range tests {
		for _, checkpoint := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/checkpoint=%t", tt.name, checkpoint), func(t *testing.T) {
				// Profiles, whose bodies other revisions have too, are taken.
				events := []string{identify(1000), identify(1001)}
				for i := range tt.events {
					events = append(events, track(i, fmt.Sprint("m", i)))
				}
				k := klaviyotest.New()
				s := account(k)
				s.transport = &misreading{klaviyo: k, pointers: tt.pointers}
				dead := filepath.Join(t.TempDir(), "dead.jsonl")
				args := []string{"send", "--concurrency=1", "--output=json", "--dead-letter=" + dead}
				if checkpoint {
					args = append(args, "--checkpoint="+progressFile(t))
				}
				r := s.run(t, append(args, write(t, "events.jsonl", lines(events...)))...)
				status := statusDeadLetters
				if tt.stops {
					status = statusStopped
					r.checkStop(t)
					r.want(t, status, "Klaviyo no longer serves revision "+older+" (it refused the first 10 events as if they were of another)", "--revision="+later)
					if at := r.undone(); at < 1 || at > 3 { // the identifies may not be done
						t.Errorf("the run stopped at line %d", at)
					}
				}
				r.want(t, status)
				if got := strings.Count(read(t, dead), "\n"); got != tt.dead {
					t.Errorf("%d dead letters, want %d\n%s", got, tt.dead, r.stderr)
				}
				var sum summary
				if err := json.Unmarshal([]byte(r.stdout), &sum); err != nil || sum.DeadLettered != tt.dead {
					t.Errorf("%v; the summary is %s", err, r.stdout)
				}
				if !tt.stops && len(k.Events()) != tt.events-tt.dead {
					t.Errorf("%d events arrived", len(k.Events()))
				}
			})
		}
	}
}

// TestFallForward sends to a server that reads a retired revision as a later one, whatever the
// header asks for, and refuses subscriptions too: nothing is written off, and the command
// that it prints delivers all.
func TestFallForward(t *testing.T) {
	var groups, ends, identifies []string
	for i := range 30 {
		group := `{"type":"group","groupId":"L1","messageId":"g%d","traits":{"email":"p%d@example.com","subscribe":%t}}`
		groups = append(groups, fmt.Sprintf(group, i, i, true))
		ends = append(ends, fmt.Sprintf(group, i, i, false))
		identifies = append(identifies, fmt.Sprintf(`{"type":"identify","messageId":"i%d","traits":{"email":"p%d@example.com","properties":{"subscribe":true,"listId":"L1"}}}`, i, i))
	}
	for name, events := range map[string]string{
		"events of all kinds":        read(t, "../../examples/events.jsonl"),
		"subscriptions alone":        lines(groups...),
		"ends of subscriptions":      lines(ends...),
		"identifies which subscribe": lines(identifies...),
	} {
		t.Run(name, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithAnyList(), klaviyotest.WithRetiredRevision(older))
			s := account(k)
			s.transport = withoutOptOut{k.Transport()}
			dead := filepath.Join(t.TempDir(), "dead.jsonl")
			// The events' times are in the future of a clock of testing/synctest.
			r := s.run(t, "send", "--unsubscribe", "--checkpoint="+progressFile(t), "--dead-letter="+dead, write(t, "events.jsonl", events))
			r.want(t, statusStopped, "no longer serves revision "+older)
			if got := strings.Count(read(t, dead), "\n"); got != 0 {
				t.Errorf("%d dead letters", got)
			}
			command, args := r.resumption(t)
			s.run(t, append([]string{command}, args...)...).want(t, statusDone)
		})
	}
}

// withoutOptOut takes the header away that asks for a 410.
type withoutOptOut struct{ http.RoundTripper }

func (w withoutOptOut) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Del("X-Klaviyo-Revision-Fall-Forward-Opt-Out")
	return w.RoundTripper.RoundTrip(req)
}

// TestMisreadOfReplay keeps the records of a file that a server misreads as they are.
func TestMisreadOfReplay(t *testing.T) {
	var records []string
	for i := range 20 {
		records = append(records, fmt.Sprintf(`{"line":%d,"event":%s,"error":{"code":"unavailable"},"attempts":8,"revision":"2023-02-22"}`, i+1, track(i, fmt.Sprint("m", i))))
	}
	dead := write(t, "dead.jsonl", lines(records...))
	k := klaviyotest.New()
	s := account(k)
	s.transport = &misreading{klaviyo: k, pointers: repeated(20, "/data/attributes/profile")}
	s.run(t, "replay", dead).want(t, statusStopped, "no longer serves revision")
	if got := read(t, dead); got != lines(records...) {
		t.Errorf("the file holds\n%s", got)
	}
}
