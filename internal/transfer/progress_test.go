package transfer

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// waiting answers when it is told to.
type waiting chan struct{}

func (w waiting) Send(context.Context, client.Request) (*client.Response, error) {
	<-w
	return &client.Response{}, nil
}

// following is a progress with a queue whose requests wait.
type following struct {
	*progress
	answer waiting
	queue  *delivery.Queue
	lines  int
}

func follow(t *testing.T) *following {
	f := &following{progress: newProgress(1, input.Position{Line: 1}, Counts{}), answer: make(waiting)}
	f.queue = delivery.Start(t.Context(), delivery.Config{Sender: f.answer, Reject: func(events []delivery.Rejection) error {
		for _, e := range events {
			why, attempts := describe(e.Reason)
			f.reject(e.Event.Position, why, attempts)
		}
		return nil
	}})
	return f
}

// line is where the next line of ten bytes begins.
func (f *following) line() input.Position {
	return input.Position{Line: f.lines + 1, Offset: int64(10 * f.lines)}
}

// requests are those of some event.
func requests(t testing.TB) []mapper.Request {
	t.Helper()
	m, err := mapper.New(mapper.Config{})
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Map([]byte(`{"type":"track","event":"Ping","properties":{"email":"ana@example.com"}}`))
	if err != nil {
		t.Fatal(err)
	}
	return result.Requests
}

// add takes in a line of ten bytes.
func (f *following) add(t *testing.T, state state, reason error) {
	t.Helper()
	event := input.Event{Position: f.line(), Ended: true}
	f.lines++
	event.Next = f.line()
	at := f.register(event)
	var err error
	switch {
	case reason != nil:
		err = f.queue.Refuse(delivery.Event{Position: at}, reason)
	case state == queued:
		err = f.queue.Add(delivery.Event{Position: at, Requests: requests(t)})
	}
	if err != nil {
		t.Fatal(err)
	}
	f.setState(state)
	synctest.Wait()
	if err := f.advance(f.queue); err != nil {
		t.Fatal(err)
	}
}

func (f *following) want(t *testing.T, line int, counts Counts) {
	t.Helper()
	at, got := f.first()
	if want := (input.Position{Line: line, Offset: int64(10 * (line - 1))}); at != want {
		t.Errorf("first undone: %+v, want %+v", at, want)
	}
	if diff := cmp.Diff(counts, got); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
}

// Behind an event that hangs, neighbours that aren't for Klaviyo are remembered as
// one.
func TestProgressBehindAnEventThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := follow(t)
		f.add(t, skipped, nil)
		f.want(t, 2, Counts{Events: 1, Skipped: 1})
		f.add(t, queued, nil)
		for range 1000 {
			f.add(t, skipped, nil)
		}
		if len(f.pending) != 1 {
			t.Errorf("%d entries for 1000 lines", len(f.pending))
		}
		f.add(t, queued, errors.New("no event"))
		for range 1000 {
			f.add(t, unchanged, nil)
		}
		if len(f.pending) != 3 {
			t.Errorf("%d entries for 2001 lines", len(f.pending))
		}
		f.want(t, 2, Counts{Events: 1, Skipped: 1})
		if f.isComplete() {
			t.Error("the progress is complete while an event hangs")
		}
		if from, rejected := f.rest(); from != 10 || len(rejected) != 1 || rejected[0].At.Line != 1003 || rejected[0].End != 10_030 {
			t.Errorf("the rest begins at %d, rejected in it: %+v", from, rejected)
		}
		close(f.answer)
		f.queue.Wait()
		if err := f.advance(f.queue); err != nil {
			t.Fatal(err)
		}
		f.want(t, 2004, Counts{Events: 2003, Skipped: 1001, Delivered: 1, DeadLettered: 1001})
		if len(f.pending) > 0 || !f.isComplete() {
			t.Errorf("left at the end: %+v", f.pending)
		}
	})
}

// The last line is done only when the input has ended, and read again when it has
// grown.
func TestProgressOfALineThatMayGrow(t *testing.T) {
	p := newProgress(1, input.Position{Line: 1}, Counts{})
	queue := delivery.Start(t.Context(), delivery.Config{})
	defer queue.Wait()
	p.register(input.Event{Position: input.Position{Line: 1}, Next: input.Position{Line: 2, Offset: 10}})
	p.setState(skipped)
	for _, step := range []struct {
		events int
		do     func()
	}{{0, func() {}}, {1, p.end}} {
		step.do()
		if err := p.advance(queue); err != nil {
			t.Fatal(err)
		}
		if at, counts := p.first(); at.Line != 1 || counts.Events != step.events {
			t.Errorf("first undone: %+v, counts %+v", at, counts)
		}
	}
	if from, _ := p.rest(); from != 10 || !p.isComplete() {
		t.Errorf("the rest begins at %d", from)
	}
}

// BenchmarkAdvanceBehindAWaitingEvent reads on while the first event waits, as for an import job.
// It takes as long with a hundred times as many events.
func BenchmarkAdvanceBehindAWaitingEvent(b *testing.B) {
	p, answer := newProgress(1, input.Position{Line: 1}, Counts{}), make(waiting)
	queue := delivery.Start(b.Context(), delivery.Config{Sender: answer})
	first := p.register(input.Event{Position: input.Position{Line: 1}, Next: input.Position{Line: 2}, Ended: true})
	if err := queue.Add(delivery.Event{Position: first, Requests: requests(b)}); err != nil {
		b.Fatal(err)
	}
	p.setState(queued)
	for line := 2; b.Loop(); line++ {
		p.register(input.Event{Position: input.Position{Line: line}, Next: input.Position{Line: line + 1}, Ended: true})
		p.setState([]state{queued, skipped}[line%2])
		if err := p.advance(queue); err != nil {
			b.Fatal(err)
		}
	}
	close(answer)
	queue.Wait()
}
