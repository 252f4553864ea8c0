package delivery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// Each event is a track of a person of its own unless it says otherwise. The times
// are how long requests take, in seconds; a minus sign is one that isn't taken.
func TestOutage(t *testing.T) {
	tests := []struct {
		name   string
		takes  []int
		person []string // of each event
		dead   []int
		undone int
	}{
		{name: "an input of one event", takes: []int{-1}, undone: 1},
		{name: "an input that is shorter than the rule", takes: []int{-1, -2, -3, -4}, undone: 1},
		{name: "five in a row", takes: []int{-1, -2, -3, -4, -5, -6}, undone: 1},
		{name: "another is answered later", takes: []int{-1, -2, 3}, dead: []int{1, 2}},
		{name: "another was answered before", takes: []int{1, -2, -3}, dead: []int{2, 3}},
		{name: "five in a row after an answer", takes: []int{1, -2, -3, -4, -5, -6}, undone: 2},
		{name: "four, an answer, and four", takes: []int{-1, -2, -3, -4, 5, -6, -7, -8, -9, 10}, dead: []int{1, 2, 3, 4, 6, 7, 8, 9}},
		{name: "the person's next waits", takes: []int{-1, 1, 9}, person: []string{"a@x", "a@x", "b@x"}, dead: []int{1}},
		{name: "the person's next is never sent", takes: []int{-1, 1}, person: []string{"a@x", "a@x"}, undone: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var letters rejected
				s := &server{answer: func(_ client.Request, words string) error {
					var line int
					fmt.Sscanf(words, "event %d", &line)
					seconds := tt.takes[line-1]
					time.Sleep(time.Duration(max(seconds, -seconds)) * time.Second)
					if seconds < 0 {
						return errorOf(client.ErrUnavailable)
					}
					return nil
				}}
				var events []Event
				for i := range tt.takes {
					person := fmt.Sprintf("p%d@x", i)
					if tt.person != nil {
						person = tt.person[i]
					}
					events = append(events, of(i+1, person, track(person, fmt.Sprint(i+1))))
				}
				report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject}, events...)
				if !slices.Equal(letters.lines, tt.dead) {
					t.Errorf("dead letters %v, want %v", letters.lines, tt.dead)
				}
				if tt.undone == 0 {
					if report.Undone != nil || report.Err != nil {
						t.Errorf("%+v", report)
					}
					return
				}
				if report.Undone == nil || report.Undone.Line != tt.undone || !errors.Is(report.Err, client.ErrUnavailable) {
					t.Errorf("%+v, want undone from line %d", report, tt.undone)
				}
				for _, r := range s.got {
					if tt.person != nil && r.words != "event 1" {
						t.Errorf("%s was sent", r.words)
					}
				}
			})
		})
	}
}

// A refusal by the client alone doesn't tell that Klaviyo is there.
func TestClientErrorIsNoResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var letters rejected
		s := &server{answer: func(_ client.Request, words string) error {
			if words == "event 2" {
				time.Sleep(time.Second)
				return errors.Join(&client.Error{}, client.ErrMissingIdentifier)
			}
			return errorOf(client.ErrUnavailable)
		}}
		report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject}, of(1, "a@x", track("a@x", "1")), of(2, "b@x", track("b@x", "2")))
		if report.Undone == nil || report.Undone.Line != 1 || !slices.Equal(letters.lines, []int{2}) {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// One subscription that Klaviyo chokes on takes no others with it.
func TestBatchThatIsNotTaken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
			if strings.Contains(words, "p3@x") {
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var events []Event
		for line := 1; line <= 8; line++ {
			email := fmt.Sprintf("p%d@x", line)
			events = append(events, of(line, email, subscribe("L", email)))
		}
		events = append(events, of(9, "z@x", track("z@x", "1"), track("z@x", "2"), track("z@x", "3")))
		if dead := run(t, s, events...); !slices.Equal(dead, []int{3}) {
			t.Errorf("dead letters %v", dead)
		}
	})
}

// An operation without quota stops delivery. Nobody's event is at fault for that, and
// responses to other operations don't tell that it is.
func TestOperationWithoutQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var letters rejected
		s := &server{answer: func(_ client.Request, words string) error {
			if strings.HasPrefix(words, "event ") {
				time.Sleep(14 * time.Minute)
				return errorOf(client.ErrRateLimited)
			}
			time.Sleep(time.Minute)
			return nil
		}}
		events := []Event{of(1, "a@x", track("a@x", "1"))}
		for line := 2; line <= 100; line++ {
			email := fmt.Sprintf("p%d@x", line)
			events = append(events, of(line, email, profile(email, "")))
		}
		report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject, Concurrency: 1}, events...)
		if report.Undone == nil || report.Undone.Line != 1 || !errors.Is(report.Err, client.ErrRateLimited) || len(letters.lines) > 0 {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// Requests that take long to fail tell of no outage before the last response.
func TestOutageBeginsAfterTheLastResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var letters rejected
		began := time.Now()
		s := &server{answer: func(_ client.Request, words string) error {
			if strings.HasPrefix(words, "event ") && time.Since(began) < time.Minute {
				time.Sleep(maxOutage + time.Minute)
				return errorOf(client.ErrUnavailable)
			}
			time.Sleep(50 * time.Second)
			return nil
		}}
		var events []Event
		for line := 1; line <= 60; line++ {
			email := fmt.Sprintf("p%d@x", line)
			request := profile(email, "")
			if line <= maxFailures {
				request = track(email, fmt.Sprint(line))
			}
			events = append(events, of(line, email, request))
		}
		report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject, Concurrency: maxFailures}, events...)
		if report.Err != nil || report.Delivered != len(events) {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// An outage is seen, and its end too, though no other event comes.
func TestOutageWithoutTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &server{answer: func(client.Request, string) error {
			if passed := time.Since(began); passed > time.Second && passed < 2*time.Minute {
				time.Sleep(25 * time.Second) // it is tried again and again
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var letters rejected
		q := Start(t.Context(), Config{Sender: s, Reject: letters.reject})
		for line := 1; line <= 2; line++ {
			if err := q.Add(of(line, "a@x", track("a@x", fmt.Sprint(line)))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Minute)
		if !q.Status().Outage {
			t.Error("a minute after the event it is no outage yet")
		}
		time.Sleep(90 * time.Second)
		if status := q.Status(); status.Delivered != 2 || status.Outage {
			t.Errorf("after the outage: %+v", status)
		}
		if report := q.Wait(); report.Delivered != 2 || len(letters.lines) > 0 {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// An event that Klaviyo chokes on is a dead letter, also where few others come.
func TestEventThatIsNotTakenWithLittleTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: func(_ client.Request, words string) error {
			if words == "event 2" {
				time.Sleep(25 * time.Second)
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var letters rejected
		q := Start(t.Context(), Config{Sender: s, Reject: letters.reject})
		for line := 1; line <= 8; line++ {
			person := fmt.Sprintf("p%d@x", line)
			if err := q.Add(of(line, person, track(person, fmt.Sprint(line)))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
		}
		if status := q.Status(); status.Delivered != 7 || status.Undone {
			t.Errorf("before the end: %+v", status)
		}
		if report := q.Wait(); report.Delivered != 7 || report.Err != nil || !slices.Equal(letters.lines, []int{2}) {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// Delivery stops after an outage of an event that was sent again before, too.
func TestOutageOfAnEventThatWasSentAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
			if words == "event 1" {
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var letters rejected
		q := Start(t.Context(), Config{Sender: s, Reject: letters.reject})
		for line := 1; line <= 2; line++ {
			person := fmt.Sprintf("p%d@x", line)
			if err := q.Add(of(line, person, track(person, fmt.Sprint(line)))); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
		}
		time.Sleep(time.Minute) // there is no more input yet
		waiting := time.AfterFunc(time.Hour, func() { q.stop(errors.New("it goes on for an hour")) })
		defer waiting.Stop()
		report := q.Wait()
		if report.Undone == nil || report.Undone.Line != 1 || !errors.Is(report.Err, client.ErrUnavailable) || len(letters.lines) > 0 {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// What an outage kept back is delivered once Klaviyo is there again.
func TestOutageThatEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
			if time.Since(began) < 3*time.Second {
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		queue := []Event{of(1, "a@x", track("a@x", "1")), of(2, "a@x", track("a@x", "2")), of(3, "b@x", track("b@x", "3"))}
		var letters rejected
		q := Start(t.Context(), Config{Sender: s, Reject: letters.reject})
		for _, e := range queue {
			if err := q.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(5 * time.Second)
		if err := q.Add(of(4, "c@x", track("c@x", "4"))); err != nil {
			t.Fatal(err)
		}
		if report := q.Wait(); report.Delivered != 4 || report.Err != nil || len(letters.lines) > 0 {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// An outage of half a minute, which is as long as a request is tried, stops nothing,
// and one of five minutes does. Meanwhile one request at a time is sent.
func TestOutageIsWaitedOut(t *testing.T) {
	tests := []struct {
		name   string
		begins time.Duration
		lasts  time.Duration
		stops  bool
		most   int // requests while it lasts, beside those under way when it begins
	}{
		{"from the start, half a minute", 0, 30 * time.Second, false, 1},
		{"from the start, for long", 0, time.Hour, true, 2},
		{"half a minute", 10 * time.Second, 30 * time.Second, false, 1},
		{"four minutes", 10 * time.Second, 4 * time.Minute, false, 6},
		{"for long", 10 * time.Second, time.Hour, true, 7},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var letters rejected
				const width = 32
				began := time.Now()
				during := 0
				s := &server{}
				s.answer = func(client.Request, string) error {
					isDown := func() bool {
						passed := time.Since(began)
						return passed >= tt.begins && passed < tt.begins+tt.lasts
					}
					if !isDown() {
						time.Sleep(time.Second)
						return nil
					}
					s.mu.Lock()
					during++
					s.mu.Unlock()
					time.Sleep(25 * time.Second) // it is tried again and again
					if !isDown() {
						return nil
					}
					return errorOf(client.ErrUnavailable)
				}
				var events []Event
				for line := range 1000 {
					email := fmt.Sprintf("p%d@x", line)
					events = append(events, of(line+1, email, track(email, fmt.Sprint(line))))
				}
				report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject, Concurrency: width}, events...)
				if len(letters.lines) > 0 {
					t.Errorf("dead letters %v", letters.lines)
				}
				if during > 2*width+tt.most {
					t.Errorf("%d requests while it lasts", during)
				}
				if !tt.stops {
					if report.Err != nil || report.Delivered != len(events) {
						t.Errorf("%+v", report)
					}
					return
				}
				if !errors.Is(report.Err, client.ErrUnavailable) || report.Undone == nil {
					t.Errorf("%+v", report)
				}
				limit := maxOutage
				if tt.begins == 0 {
					limit = maxInitialOutage
				}
				if took := time.Since(began) - tt.begins; took < limit || took > limit+time.Minute {
					t.Errorf("the run stopped after %v, want %v", took, limit)
				}
			})
		})
	}
}

// What answers at Klaviyo's address and isn't Klaviyo will not change by waiting.
func TestMisdirectedRequestsStopAtOnce(t *testing.T) {
	for status, says := range map[int]string{http.StatusFound: "(1 answered 302)", http.StatusOK: "(1 answered 200)", 0: "(1 not answered)"} {
		synctest.Test(t, func(t *testing.T) {
			reason := errors.Join(&client.Error{StatusCode: status}, client.ErrMisdirected)
			s := &server{answer: func(client.Request, string) error { return reason }}
			began := time.Now()
			report := deliver(t.Context(), Config{Sender: s}, of(1, "a@x", track("a@x", "1")))
			if report.Undone == nil || !errors.Is(report.Err, reason) || !strings.Contains(report.Err.Error(), says) || time.Since(began) > 0 {
				t.Errorf("%d: %+v after %v", status, report, time.Since(began))
			}
		})
	}
}

// What isn't Klaviyo's answer costs no event, also where it comes to one event alone.
func TestMisdirectedEventIsNoDeadLetter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, times := range []int{1, 2} {
			var letters rejected
			misdirected := 0
			s := &server{delay: time.Second, answer: func(_ client.Request, words string) error {
				if words == "event 3" && misdirected < times {
					misdirected++
					return errors.Join(&client.Error{StatusCode: http.StatusNoContent}, client.ErrMisdirected)
				}
				return nil
			}}
			var events []Event
			for line := 1; line <= 9; line++ {
				email := fmt.Sprintf("p%d@x", line)
				events = append(events, of(line, email, track(email, fmt.Sprint(line))))
			}
			report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject, Concurrency: 2}, events...)
			if len(letters.lines) > 0 {
				t.Errorf("%d times: dead letters %v", times, letters.lines)
			}
			if stopped := report.Undone != nil && report.Undone.Line == 3 && errors.Is(report.Err, client.ErrMisdirected) && strings.Contains(report.Err.Error(), "(1 answered 204)"); stopped != (times == 2) {
				t.Errorf("%d times: %+v", times, report)
			}
		}
	})
}

// A run that stops says what was answered, and how often.
func TestOutageErrorCountsStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		requests := 0
		s := &server{answer: func(client.Request, string) error {
			requests++
			status := http.StatusServiceUnavailable
			switch {
			case requests == 1:
				return nil // which isn't counted
			case requests%2 == 0:
				status = 0
			}
			return errors.Join(&client.Error{StatusCode: status}, client.ErrUnavailable)
		}}
		var events []Event
		for line := 1; line <= 6; line++ {
			events = append(events, of(line, "a@x", track("a@x", fmt.Sprint(line))), of(line, fmt.Sprint(line)+"@x", track(fmt.Sprint(line)+"@x", fmt.Sprint(line))))
		}
		report := deliver(t.Context(), Config{Sender: s, Concurrency: 1}, events...)
		want := fmt.Sprintf("no request succeeded for 5m0s (%d answered 503, %d not answered); the last error: ", (requests-1)/2, requests/2)
		if report.Err == nil || !strings.HasPrefix(report.Err.Error(), want) {
			t.Errorf("%v, want %q", report.Err, want)
		}
	})
}

// A request that was taken is done, whatever else its response is.
func TestUnexpectedResponseIsADelivery(t *testing.T) {
	s := &server{answer: func(client.Request, string) error { return errorOf(client.ErrUnexpectedResponse) }}
	if report := deliver(t.Context(), Config{Sender: s}, of(1, "a@x", track("a@x", "1"), track("a@x", "2"))); report.Delivered != 1 || report.Err != nil || len(s.got) != 2 {
		t.Errorf("%+v after %d requests", report, len(s.got))
	}
}

// A probe that the client refuses itself tells nothing of Klaviyo.
func TestProbeThatIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var letters rejected
		began := time.Now()
		s := &server{answer: func(_ client.Request, words string) error {
			switch {
			case words == "event 6" || words == "event 7":
				return errors.Join(&client.Error{}, client.ErrMissingIdentifier)
			case time.Since(began) < 40*time.Second:
				return errorOf(client.ErrUnavailable)
			}
			return nil
		}}
		var events []Event
		for line := 1; line <= 9; line++ {
			email := fmt.Sprintf("p%d@x", line)
			events = append(events, of(line, email, track(email, fmt.Sprint(line))))
		}
		report := deliver(t.Context(), Config{Sender: s, Reject: letters.reject, Concurrency: 1}, events...)
		if report.Err != nil || report.Delivered != 7 || !slices.Equal(letters.lines, []int{6, 7}) {
			t.Errorf("%+v, dead letters %v", report, letters.lines)
		}
	})
}

// A run that is interrupted while Klaviyo is away ends at once, without another probe.
func TestInterruptedOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(20*time.Second, cancel)
		s := &server{answer: func(client.Request, string) error { return errorOf(client.ErrUnavailable) }}
		report := deliver(ctx, Config{Sender: s}, of(1, "a@x", track("a@x", "1")))
		if took := time.Since(began); took != 20*time.Second || report.Undone == nil || !errors.Is(report.Err, context.Canceled) {
			t.Errorf("%+v after %v", report, took)
		}
		sent := len(s.got)
		time.Sleep(time.Hour)
		if len(s.got) > sent {
			t.Error("a probe was sent after the end")
		}
	})
}
