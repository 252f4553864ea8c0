package stream

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// fetchMessages and fetchBytes bound what a reader holds of what it will give next.
	fetchMessages = 256
	fetchBytes    = MaxMessage + 128<<10 // one of the largest, and its headers

	heartbeat = time.Second // of the server while a request for messages stands; two missing ones end it

	// silentFor is how long a consumer may give nothing until the leader is asked whether there is
	// something.
	silentFor = 10 * time.Second

	// forgottenAfter is how long the server keeps a consumer that nobody asks.
	forgottenAfter = 5 * time.Minute

	// otherStreamAfter is how often a stream has to end before where its reader was, until
	// it is taken for another: a new leader may not know of all its messages at once.
	otherStreamAfter = 5
)

// Message is one that is kept.
type Message struct {
	Seq  uint64
	Data []byte
	// Events is how many are in it, as Publish was told.
	Events int
	// Time is when it was kept, by the server's clock.
	Time time.Time
}

// Reader gives an account's messages in order, also across a change of the leader and lost
// connections. Sequences that were purged are passed over. It asks for more only when what
// it has is read, so it holds at most some 4 MiB. It is for one goroutine.
type Reader struct {
	account *Account
	last    uint64 // that was given
	silence time.Duration
	ctx     context.Context
	cancel  context.CancelFunc

	consumer   jetstream.Consumer
	fetching   context.Context // ends with the consumer
	end        context.CancelFunc
	next       uint64 // number of the consumer's next message
	reconnects uint64 // of the connection when the consumer was made
	batch      jetstream.MessageBatch
	shorter    int // how often the stream has ended before last
}

// Read gives a reader of the messages after one, or of all after 0. Close it.
func (a *Account) Read(after uint64) *Reader {
	r := &Reader{account: a, last: after, silence: silentFor}
	r.ctx, r.cancel = context.WithCancel(a.engine.ctx)
	return r
}

// Close ends the reader.
func (r *Reader) Close() {
	r.cancel()
	r.drop()
}

// Next waits for the next message. An outage of the server is waited out; the error is that
// of the context, [ErrUnavailable] once the engine or the reader is closed, or one that
// waiting doesn't mend.
func (r *Reader) Next(ctx context.Context) (Message, error) {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		if ctx.Err() != nil {
			return Message{}, ctx.Err()
		}
		if r.ctx.Err() != nil {
			return Message{}, unavailable(errClosed)
		}
		message, err := r.receive(ctx)
		if err == nil || errors.Is(err, ErrSetup) {
			return message, err
		}
		if ctx.Err() == nil {
			r.account.engine.log.Debug("reading is taken up again", "account", r.account.name, "after", r.last, "error", err)
			r.drop()
			r.account.engine.pause(ctx, wait)
		}
	}
}

var (
	errGap    = errors.New("messages were lost on their way")
	errBehind = errors.New("the consumer's server doesn't give what the leader has")
)

// receive gives the next message of the request that stands, or of another.
func (r *Reader) receive(ctx context.Context) (Message, error) {
	silence := time.NewTicker(r.silence)
	defer silence.Stop()
	for {
		if r.consumer == nil {
			if err := r.begin(ctx); err != nil {
				return Message{}, err
			}
		}
		if r.batch == nil {
			if r.account.engine.conn.Stats().Reconnects != r.reconnects {
				return Message{}, errGap // perhaps, and nothing later might show it
			}
			batch, err := r.consumer.Fetch(fetchMessages, jetstream.FetchMaxBytes(fetchBytes),
				jetstream.FetchContext(r.fetching), jetstream.FetchHeartbeat(heartbeat))
			if err != nil {
				return Message{}, err
			}
			r.batch = batch
		}
		select {
		case m, ok := <-r.batch.Messages():
			if ok {
				return r.take(m)
			}
			err := r.batch.Error()
			r.batch = nil
			if err != nil {
				return Message{}, err
			}
		case <-silence.C:
			if err := r.checkSilence(ctx); err != nil {
				return Message{}, err
			}
		case <-ctx.Done():
			return Message{}, ctx.Err()
		case <-r.ctx.Done():
			return Message{}, r.ctx.Err()
		}
	}
}

// checkSilence makes sure that nothing waits. The server of the consumer may be behind the leader
// for minutes after it was down: it goes on sending heartbeats, but has nothing to give. Another
// consumer is likely to be on another server.
func (r *Reader) checkSilence(ctx context.Context) error {
	ctx, cancel := r.account.engine.within(ctx, attemptFor)
	defer cancel()
	info, err := leaderInfo(ctx, r.account.events)
	if err == nil && info.State.Msgs > 0 && info.State.LastSeq > r.last {
		err = errBehind
	}
	return err
}

// take makes sure that a message is the next one.
func (r *Reader) take(m jetstream.Msg) (Message, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Message{}, err
	}
	if meta.Sequence.Consumer != r.next || meta.Sequence.Stream <= r.last {
		return Message{}, errGap
	}
	subject := m.Subject()
	events, err := strconv.Atoi(subject[strings.LastIndexByte(subject, '.')+1:])
	if err != nil {
		return Message{}, setup(err, "stream EV_%s: message %d has the subject %q, which doesn't end with its number of events", r.account.name, meta.Sequence.Stream, subject)
	}
	r.next, r.last = r.next+1, meta.Sequence.Stream
	return Message{Seq: r.last, Data: m.Data(), Events: events, Time: meta.Timestamp}, nil
}

// begin makes a consumer that begins after the last message given.
func (r *Reader) begin(ctx context.Context) error {
	ctx, cancel := r.account.engine.within(ctx, attemptFor)
	defer cancel()
	if err := r.checkEnd(ctx); err != nil {
		return err
	}
	r.reconnects = r.account.engine.conn.Stats().Reconnects
	config := jetstream.ConsumerConfig{
		AckPolicy:         jetstream.AckNonePolicy,
		DeliverPolicy:     jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:       r.last + 1,
		InactiveThreshold: forgottenAfter,
		MemoryStorage:     true,
		Replicas:          1,
	}
	consumer, err := r.account.events.CreateConsumer(ctx, config)
	if err != nil {
		return err
	}
	r.consumer, r.next, r.batch = consumer, 1, nil
	r.fetching, r.end = context.WithCancel(r.ctx)
	return nil
}

// checkEnd begins at the beginning where the stream ends before what was read of it: it has
// been made anew or restored, and what is in it now must not be passed over.
func (r *Reader) checkEnd(ctx context.Context) error {
	info, err := leaderInfo(ctx, r.account.events)
	if err != nil {
		return err
	}
	if info.State.LastSeq >= r.last {
		r.shorter = 0
		return nil
	}
	if r.shorter++; r.shorter < otherStreamAfter {
		return fmt.Errorf("the stream ends at %d, before %d", info.State.LastSeq, r.last)
	}
	r.account.engine.log.Warn("stream read from its beginning", "account", r.account.name, "position", r.last, "end", info.State.LastSeq,
		"reason", "it ends before the account's position: it was made anew or restored")
	r.last, r.shorter = 0, 0
	return nil
}

// drop gives the consumer up.
func (r *Reader) drop() {
	if r.consumer == nil {
		return
	}
	name, account := r.consumer.CachedInfo().Name, r.account
	r.end()
	r.consumer, r.batch = nil, nil
	// Without an answer the server forgets it after a while.
	account.engine.conn.Publish("$JS.API.CONSUMER.DELETE.EV_"+account.name+"."+name, nil)
}
