package stream

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"
)

// stream gives a stream, and makes it or sets its limits. Its subjects, limits and number
// of messages by subject are the caller's; the rest is the same for all.
func (e *Engine) stream(ctx context.Context, want jetstream.StreamConfig) (s jetstream.Stream, err error) {
	want.Storage = jetstream.FileStorage
	want.Retention = jetstream.LimitsPolicy
	want.Discard = jetstream.DiscardNew // nothing that is kept goes for something that comes
	want.Replicas = e.replicas
	err = e.request(ctx, func(ctx context.Context) error {
		s, err = e.js.Stream(ctx, want.Name)
		switch {
		case errors.Is(err, jetstream.ErrStreamNotFound):
			s, err = e.js.CreateStream(ctx, want)
		case err == nil:
			have := s.CachedInfo().Config
			if err := checkSettings(have, want); err != nil {
				return err
			}
			if have.MaxBytes != want.MaxBytes || have.Replicas < want.Replicas || have.Duplicates != want.Duplicates {
				have.MaxBytes, have.Duplicates, have.Replicas = want.MaxBytes, want.Duplicates, max(have.Replicas, want.Replicas)
				s, err = e.js.UpdateStream(ctx, have)
			}
		}
		return e.refusal(want.Name, err)
	})
	return s, describe(err)
}

// setting is one that a stream has to have: with another it would lose what is kept, or
// the order of it.
type setting struct {
	name string
	same func(have, want jetstream.StreamConfig) bool
}

var settings = []setting{
	{"subjects", func(h, w jetstream.StreamConfig) bool { return slices.Equal(h.Subjects, w.Subjects) }},
	{"retention", func(h, w jetstream.StreamConfig) bool { return h.Retention == w.Retention }},
	{"storage", func(h, w jetstream.StreamConfig) bool { return h.Storage == w.Storage }},
	{"discard", func(h, w jetstream.StreamConfig) bool { return h.Discard == w.Discard }},
	{"max_age", func(h, _ jetstream.StreamConfig) bool { return h.MaxAge == 0 }},
	{"max_msgs", func(h, _ jetstream.StreamConfig) bool { return h.MaxMsgs <= 0 }},
	{"max_msgs_per_subject", func(h, w jetstream.StreamConfig) bool {
		return max(h.MaxMsgsPerSubject, 0) == max(w.MaxMsgsPerSubject, 0)
	}},
	{"max_msg_size", func(h, _ jetstream.StreamConfig) bool { return h.MaxMsgSize <= 0 || h.MaxMsgSize >= maxPayload }},
	{"no_ack", func(h, _ jetstream.StreamConfig) bool { return !h.NoAck }},
	{"sealed", func(h, _ jetstream.StreamConfig) bool { return !h.Sealed }},
	{"deny_purge", func(h, _ jetstream.StreamConfig) bool { return !h.DenyPurge }},
	{"mirror", func(h, _ jetstream.StreamConfig) bool { return h.Mirror == nil }},
	{"sources", func(h, _ jetstream.StreamConfig) bool { return len(h.Sources) == 0 }},
	{"subject_transform", func(h, _ jetstream.StreamConfig) bool { return h.SubjectTransform == nil }},
	{"persist_mode", func(h, w jetstream.StreamConfig) bool { return h.PersistMode == w.PersistMode }},
}

func checkSettings(have, want jetstream.StreamConfig) error {
	for _, s := range settings {
		if !s.same(have, want) {
			return setup(nil, "stream %s: it is there with another %s than this program needs: once it is empty, delete it, and this program makes it as it needs it", want.Name, s.name)
		}
	}
	return nil
}

// refusal says what to do where a stream can't be made or set.
func (e *Engine) refusal(name string, err error) error {
	const tooFew = "there are too few servers with JetStream for %d replicas: have three in the cluster, all of them up: %w"
	switch code(err) {
	case codeNotClustered:
		return setup(err, "stream %s: "+tooFew, name, e.replicas, err)
	case codeNoPeers: // it may pass: also one of three that is down for a while makes it so
		return fmt.Errorf("%w: stream %s: "+tooFew, ErrUnavailable, name, e.replicas, err)
	case codeStorageExceeded:
		return setup(err, "stream %s: the servers have too little room for its limit: raise max_file_store, or lower maxBacklog: %v", name, err)
	case 0:
		return err
	}
	if !isPassing(err) {
		return setup(err, "stream %s: the server refuses it: %v", name, err)
	}
	return err
}
