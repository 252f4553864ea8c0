package service

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// TestReplaysAnEventAsItIs replays dead letters that the webhook would read as empty lists of
// events.
func TestReplaysAnEventAsItIs(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	want := map[string]bool{}
	message := inbox.Append(nil, inbox.Request{Kind: inbox.Batch, Received: time.Now(), Body: []byte(`{"batch":[{"batch":[]},[]]}`)})
	if err := s.Publish(t.Context(), "eu", message, 2, "sdk"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both are dead letters", func() bool { want = s.letterEvents(t, "eu"); return len(want) == 2 })
	if n, err := s.Replay(t.Context(), "eu", ""); n != 2 || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "both are dead letters again", func() bool { return s.statusOf(t, "eu").Counts.DeadLettered == 4 })
	if got := s.letterEvents(t, "eu"); !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}

// TestReplaysManyTogether checks that a replay keeps the order of the dead letters, and stores
// them in few messages.
func TestReplaysManyTogether(t *testing.T) {
	const many = 2*lettersTogether + 10
	s := serve(t, t.TempDir(), testAccount("eu"))
	var body strings.Builder
	for i := range many {
		fmt.Fprintf(&body, "{\"n\":%d}\n", i)
	}
	s.send(t, "eu", body.String())
	eventually(t, "all are dead letters", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == many })
	if n, err := s.Replay(t.Context(), "eu", "missing_type"); n != many || err != nil {
		t.Errorf("%d are replayed, %v", n, err)
	}
	eventually(t, "all are dead letters again", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == many })
	var again []stream.Letter
	for letter, err := range s.account("eu").kept.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		again = append(again, letter)
	}
	slices.SortFunc(again, func(a, b stream.Letter) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.Event, b.Event))
	})
	messages := map[uint64]bool{}
	for i, letter := range again {
		messages[letter.Seq] = true
		record, err := deadletter.Parse(letter.Record)
		if want := fmt.Sprintf("{\"n\":%d}", i); err != nil || string(record.Event) != want {
			t.Fatalf("event %d is %s, %v", i, record.Event, err)
		}
	}
	if len(messages) != 3 {
		t.Errorf("%d messages", len(messages))
	}
	if n, err := s.Delete(t.Context(), "eu", ""); n != many || err != nil {
		t.Errorf("%d are deleted, %v", n, err)
	}
	if n := s.statusOf(t, "eu").DeadLetterCount(); n != 0 {
		t.Errorf("%d are left", n)
	}
}
