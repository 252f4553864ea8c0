package service

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// givenMessages are messages that were read already.
type givenMessages []stream.Message

var errNoMore = errors.New("no more")

func (g *givenMessages) Next(context.Context) (stream.Message, error) {
	if len(*g) == 0 {
		return stream.Message{}, errNoMore
	}
	m := (*g)[0]
	*g = (*g)[1:]
	return m, nil
}

func (*givenMessages) Close() {}

// TestSourceOfARestoredStream has a stream read from its beginning, for it ends before the
// position of its account. The message that it gets with the position's sequence is another
// than the one whose first events were done.
func TestSourceOfARestoredStream(t *testing.T) {
	batch := inbox.Append(nil, inbox.Request{Kind: inbox.Batch, Received: time.Now(), Body: []byte(`{"batch":[{},{},{}]}`)})
	for _, tt := range []struct {
		name  string
		given []uint64
		want  []stream.Position
	}{
		{"the one of the position", []uint64{5, 6}, []stream.Position{{Seq: 5, Event: 3}, {Seq: 6, Event: 1}, {Seq: 6, Event: 2}, {Seq: 6, Event: 3}}},
		{"a restored one", []uint64{4, 5}, []stream.Position{{Seq: 4, Event: 1}, {Seq: 4, Event: 2}, {Seq: 4, Event: 3}, {Seq: 5, Event: 1}, {Seq: 5, Event: 2}, {Seq: 5, Event: 3}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var given givenMessages
			for _, seq := range tt.given {
				given = append(given, stream.Message{Seq: seq, Data: batch})
			}
			var got []stream.Position
			s := &source{messages: &given, from: stream.Position{Seq: 5, Event: 3}, read: func(at stream.Position) { got = append(got, at) }}
			for {
				if _, err := s.Next(t.Context()); errors.Is(err, errNoMore) {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
