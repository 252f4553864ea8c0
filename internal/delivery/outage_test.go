package delivery

import (
	"errors"
	"fmt"
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
func TestWhatIsRefusedUnsentIsNoAnswer(t *testing.T) {
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
