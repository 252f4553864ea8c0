package delivery

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Profiles that wait for their quota leave the events theirs.
func TestNoOperationWaitsForAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{}
		s.answer = func(r client.Request, _ string) error {
			if r.Operation() == klaviyo.OperationCreateProfile {
				time.Sleep(time.Minute)
			}
			return nil
		}
		q := Start(t.Context(), Config{Sender: s, Concurrency: 2})
		for line := 1; line <= 20; line++ {
			email := fmt.Sprintf("p%d@x", line)
			request := profile(email, "")
			if line%2 == 0 {
				request = track(email, fmt.Sprint(line))
			}
			if err := q.Add(of(line, email, request)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if profiles, events := s.count("profile"), s.count("event"); profiles != 2 || events != 10 {
			t.Errorf("%d profiles and %d events in progress, want 2 and 10", profiles, events)
		}
		q.Wait()
	})
}

// A person with many events has one ready at a time. It must not go to the end of
// the line each time.
func TestOldestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const busy, others = 50, 1000
		s := &server{delay: time.Second}
		var events []Event
		for line := range busy {
			events = append(events, of(line+1, "busy@x", track("busy@x", fmt.Sprint(line))))
		}
		for line := range others {
			email := fmt.Sprintf("p%d@x", line)
			events = append(events, of(busy+line+1, email, track(email, fmt.Sprint(busy+line))))
		}
		start := time.Now()
		if report := deliver(context.Background(), Config{Sender: s, Concurrency: 10}, events...); report.Delivered != len(events) {
			t.Errorf("%+v", report)
		}
		if took, want := time.Since(start), (busy+others)/10*time.Second; took != want {
			t.Errorf("took %v, want %v", took, want)
		}
	})
}
