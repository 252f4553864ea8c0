package delivery

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"
)

func TestIntakeIsBounded(t *testing.T) {
	const events = 2 * maxBytes / taskBytes
	tests := []struct {
		name string
		size int
		want int
	}{
		{"small events", 10, maxBytes / (taskBytes + 10)},
		{"bytes", maxBytes/4 - taskBytes, 4},
		{"an event that is larger than all", 2 * maxBytes, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				q := Start(t.Context(), Config{Sender: sender(func(context.Context, request) error { <-release; return nil })})
				text := make([]byte, tt.size)
				added := 0
				done := make(chan struct{})
				go func() {
					defer close(done)
					for line := range events {
						e := email(line, fmt.Sprint(line))
						e.Text = text
						if q.Add(e) != nil {
							return
						}
						added++
					}
				}()
				synctest.Wait()
				if added != tt.want {
					t.Errorf("%d events taken in, want %d", added, tt.want)
				}
				close(release)
				<-done
				if report := q.Wait(); report.Delivered != events {
					t.Errorf("%d delivered", report.Delivered)
				}
			})
		})
	}
}

// The bound can change at any time: what waits for room goes on, or more has to leave first.
func TestReadAheadChanges(t *testing.T) {
	const size, events = 10_000, 100
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		q := Start(t.Context(), Config{Sender: sender(func(context.Context, request) error { <-release; return nil })})
		q.SetReadAhead(10 * size)
		added := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			for line := range events {
				e := email(line, fmt.Sprint(line))
				e.Text = make([]byte, size-taskBytes)
				if q.Add(e) != nil {
					return
				}
				added++
			}
		}()
		for _, step := range []struct{ bound, added int }{{10, 10}, {20, 20}, {5, 20}, {19, 20}, {21, 21}} {
			q.SetReadAhead(step.bound * size)
			synctest.Wait()
			if added != step.added {
				t.Errorf("%d events taken in with a bound of %d, want %d", added, step.bound, step.added)
			}
		}
		close(release)
		<-done
		if report := q.Wait(); report.Delivered != events {
			t.Errorf("%d delivered", report.Delivered)
		}
	})
}

// While the first event waits the others go on, up to what another run may repeat.
// What is done leaves nothing in memory.
func TestFirstEventThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		q := Start(t.Context(), Config{Sender: sender(func(_ context.Context, r request) error {
			if r.line == 1 {
				<-release
			}
			return nil
		})})
		if at, ok := q.FirstUndone(); ok {
			t.Errorf("%v is undone", at)
		}
		var second weak.Pointer[byte]
		added := make(chan int)
		go func() {
			defer close(added)
			for line := 1; line <= 2*maxEventsAhead; line++ {
				e := email(line, fmt.Sprint(line))
				e.Text = make([]byte, 1000)
				if line == 2 {
					second = weak.Make(&e.Text[0])
				}
				if err := q.Add(e); err != nil {
					t.Error(err)
					return
				}
				if line == maxEventsAhead || line == 2*maxEventsAhead {
					added <- line
				}
			}
		}()
		if line := <-added; line != maxEventsAhead {
			t.Errorf("%d were added", line)
		}
		synctest.Wait()
		if n := q.backlog.pending.Len(); n != 1 {
			t.Errorf("%d events are kept, want the first", n)
		}
		if at, ok := q.FirstUndone(); !ok || at.Line != 1 {
			t.Errorf("first undone: %v, %t", at, ok)
		}
		runtime.GC()
		if second.Value() != nil {
			t.Error("an event that is done is kept in memory")
		}
		select {
		case line := <-added:
			t.Errorf("%d events ran ahead of the first", line-1)
		default:
		}
		close(release)
		for range added {
		}
		if report := q.Wait(); report.Delivered != 2*maxEventsAhead || report.Undone != nil {
			t.Errorf("%+v", report)
		}
		if at, ok := q.FirstUndone(); ok {
			t.Errorf("%v is undone", at)
		}
	})
}
