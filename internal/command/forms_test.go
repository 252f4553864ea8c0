package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
)

// formOf writes events in a form.
type formOf struct {
	name string
	text func(events []string) string
	// summary is what the summary calls it.
	summary string
	// bad is the place of the event with an index.
	bad func(index int) (line, event int)
}

func inForms() []formOf {
	tens := func(events []string, join func([]string) string) string {
		var all []string
		for ten := range slices.Chunk(events, 10) {
			all = append(all, join(ten))
		}
		return lines(all...)
	}
	ofTen := func(i int) (int, int) { return i/10 + 1, i%10 + 1 }
	array := func(events []string) string { return "[" + strings.Join(events, ",") + "]" }
	return []formOf{
		{"lines", func(events []string) string { return lines(events...) }, "", func(i int) (int, int) { return i + 1, 0 }},
		{"batches", func(events []string) string {
			return tens(events, func(ten []string) string { return `{"batch":` + array(ten) + `,"sentAt":"now"}` })
		}, "events from batches", ofTen},
		{"archive", func(events []string) string {
			return tens(events, func(ten []string) string {
				payload, _ := json.Marshal(`{"batch":` + array(ten) + `}`)
				return `{"userId":"7","payload":` + string(payload) + `,"createdAt":"2026-01-01T00:00:00Z","messageId":""}`
			})
		}, "events from RudderStack's archive", ofTen},
		{"an array", array, "events from JSON arrays", func(i int) (int, int) { return 1, i + 1 }},
		{"an array over lines", func(events []string) string {
			var indented bytes.Buffer
			if err := json.Indent(&indented, []byte(array(events)), "", " "); err != nil {
				panic(err)
			}
			return indented.String()
		}, "events from JSON arrays", nil},
	}
}

// TestEachFormIsGoneOnWith stops a send in the middle, goes on, and replays, for
// events in each form, compressed and not. Each event arrives.
func TestEachFormIsGoneOnWith(t *testing.T) {
	const total, bad = 100, 93
	var events, ids []string
	for i := range total {
		ids = append(ids, fmt.Sprintf("m%02d", i))
		events = append(events, track(i%20, ids[i]))
	}
	events[bad] = `{"type":"track","event":"Ping","messageId":"m93","userId":"7"}`

	for _, form := range inForms() {
		for _, compress := range []bool{false, true} {
			for _, how := range []string{"checkpoint", "resume"} {
				t.Run(fmt.Sprintf("%s, compressed=%t, %s", form.name, compress, how), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						text := form.text(events)
						if compress {
							var file bytes.Buffer
							w := gzip.NewWriter(&file)
							fmt.Fprint(w, text)
							w.Close()
							text = file.String()
						}
						input, dead := write(t, "events", text), filepath.Join(t.TempDir(), "dead.jsonl")
						args := []string{"--dead-letter=" + dead, "--concurrency=1", input}
						if how == "checkpoint" {
							args = append([]string{"--checkpoint=" + progressFile(t)}, args...)
						}
						k := klaviyotest.New(klaviyotest.WithoutLimits())
						k.Inject(klaviyotest.Fault{Delay: time.Second, Times: -1})
						ctx, cancel := context.WithCancel(t.Context())
						time.AfterFunc(50*time.Second+time.Millisecond, cancel)
						s := account(k)
						s.ctx = ctx
						r := s.run(t, append([]string{"send"}, args...)...)
						r.want(t, statusStopped, "interrupted")
						sent := len(messageIDs(k))
						if sent < 10 || sent > total-10 {
							t.Fatalf("%d events arrived before the stop", sent)
						}

						rest := klaviyotest.New(klaviyotest.WithoutLimits())
						command, again := r.resumption(t)
						r = account(rest).run(t, append([]string{command}, again...)...)
						r.want(t, statusDeadLetters)
						if n := len(messageIDs(rest)); n > total-sent {
							t.Errorf("%d events arrived before the stop, and %d after it", sent, n)
						}
						arrived := slices.Compact(slices.Sorted(slices.Values(append(messageIDs(k), messageIDs(rest)...))))
						want := slices.Delete(slices.Clone(ids), bad, bad+1)
						if diff := cmp.Diff(want, arrived); diff != "" {
							t.Errorf("events (-want +got)\n%s", diff)
						}
						if form.summary != "" && !strings.Contains(r.stdout, form.summary) || compress && !strings.Contains(r.stdout, "files of gzip") {
							t.Errorf("the summary doesn't name the form:\n%s", r.stdout)
						}

						letters := strings.Split(strings.TrimSpace(read(t, dead)), "\n")
						letter, err := deadletter.Parse([]byte(letters[0]))
						if err != nil || letters[len(letters)-1] != letters[0] || how == "checkpoint" && len(letters) != 1 {
							t.Fatalf("%v in %s", err, letters)
						}
						if form.bad != nil {
							line, number := form.bad(bad)
							if letter.Line != line || letter.Number != number {
								t.Errorf("the dead letter is of line %d, event %d; want line %d, event %d", letter.Line, letter.Number, line, number)
							}
						}
						account(rest).run(t, "replay", "--allow-external-id-only", dead).want(t, statusDone)
						if got := messageIDs(rest); got[len(got)-1] != "m93" {
							t.Error("the replayed event hasn't arrived")
						}
					})
				})
			}
		}
	}
}

// TestMapEachForm compares what map prints for each form, but for the places, and
// what plan counts.
func TestMapEachForm(t *testing.T) {
	var events []string
	for i := range 25 {
		events = append(events, track(i, fmt.Sprint("m", i)))
	}
	events[7] = `{"type":"track","userId":"7"}`
	var want []string
	for _, form := range inForms() {
		r := setup{}.run(t, "map", write(t, "events", form.text(events)))
		r.want(t, statusDeadLetters, "events that can't be sent: 1")
		if p := plannedOf(t, statusDeadLetters, write(t, "events", form.text(events))); p.Events != 25 || p.Unsendable != 1 || len(p.Forms) != 1 {
			t.Errorf("%s: the plan has %d events, %d of them unsendable, in %v", form.name, p.Events, p.Unsendable, p.Forms)
		}
		var got []string
		for i, result := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
			var place struct {
				Line  int
				Event int `json:"event_number"`
			}
			if err := json.Unmarshal([]byte(result), &place); err != nil {
				t.Fatal(err)
			}
			if form.bad != nil {
				if line, event := form.bad(i); place.Line != line || place.Event != event {
					t.Errorf("%s: event %d is on line %d, event %d", form.name, i, place.Line, place.Event)
				}
			}
			_, content, _ := strings.Cut(result, `"message_id"`)
			got = append(got, content)
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", form.name, diff)
		}
	}
}

// TestWhatIsNoFormAndNoEvent is refused, and not passed over as a type that isn't for Klaviyo.
func TestWhatIsNoFormAndNoEvent(t *testing.T) {
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	events := write(t, "events.jsonl", lines(`{"batch":5}`, `{"foo":1}`, `{"userId":"u","payload":7,"createdAt":"","messageId":"m"}`, identify(1)))
	setup{}.run(t, "send", "--simulate", "--dead-letter", dead, events).want(t, statusDeadLetters, "events dead-lettered: 3")
	if n := strings.Count(read(t, dead), `"code":"missing_type","field":"type"`); n != 3 {
		t.Errorf("%d of 3 are dead letters for want of a type:\n%s", n, read(t, dead))
	}
}
