package stream

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// letterCounts are those of a state of the stream.
type letterCounts struct {
	mu     sync.Mutex
	state  [3]uint64
	byCode map[string]int
	next   time.Time // when they are counted again at the earliest
}

// notedCodes are those that the stream's metadata has.
type notedCodes struct {
	mu    sync.Mutex
	known map[string]bool
}

// Asked for the letters by subject, the server names each of them: with a million that takes
// ten seconds, and a gigabyte that is soon garbage. So it names a few only. Of more it counts
// those of each code, and the stream's metadata says which codes there are.
const (
	lettersNamed = 10_000
	countingRest = 30 // how much longer than their counting more letters are left alone
	codePrefix   = "rk.code."
	codesNoted   = 200 // Klaviyo might make up another for each letter
)

// LetterCounts counts the letters by code. Where there are more than ten thousand the counts
// may be some seconds old.
func (a *Account) LetterCounts(ctx context.Context) (map[string]int, error) {
	info, err := a.info(ctx, a.letters)
	if err != nil {
		return nil, err
	}
	a.counts.mu.Lock()
	defer a.counts.mu.Unlock()
	state := [3]uint64{info.State.FirstSeq, info.State.LastSeq, info.State.Msgs}
	if a.counts.state != state && (info.State.Msgs == 0 || !time.Now().Before(a.counts.next)) {
		began := time.Now()
		byCode, err := a.countLetters(ctx, info)
		if err != nil {
			return nil, err
		}
		a.counts.byCode, a.counts.state = byCode, state
		if info.State.Msgs > lettersNamed {
			a.counts.next = time.Now().Add(countingRest * time.Since(began))
		}
	}
	counts := make(map[string]int, len(a.counts.byCode))
	maps.Copy(counts, a.counts.byCode)
	return counts, nil
}

func (a *Account) countLetters(ctx context.Context, info *jetstream.StreamInfo) (map[string]int, error) {
	if info.State.Msgs > lettersNamed {
		if byCode, err := a.countByCode(ctx, info); byCode != nil || err != nil {
			return byCode, err
		}
	}
	info, err := a.info(ctx, a.letters, jetstream.WithSubjectFilter(a.letterSubject(">")))
	if err != nil {
		return nil, err
	}
	byCode := map[string]int{}
	for subject, n := range info.State.Subjects {
		code, _, _ := strings.Cut(strings.TrimPrefix(subject, a.letterSubject("")), ".")
		byCode[code] += int(n)
	}
	if info.State.Msgs > lettersNamed {
		return byCode, a.noteCodes(ctx, slices.Collect(maps.Keys(byCode)))
	}
	return byCode, nil
}

// countByCode counts the letters of the codes that are noted, or gives nil if there are others.
func (a *Account) countByCode(ctx context.Context, info *jetstream.StreamInfo) (map[string]int, error) {
	byCode, sum := map[string]int{}, uint64(0)
	for code := range codesOf(info) {
		n, err := a.lettersOf(ctx, code)
		if err != nil {
			return nil, err
		}
		if sum += n; n > 0 {
			byCode[code] = int(n)
		}
	}
	if sum < info.State.Msgs {
		return nil, nil
	}
	return byCode, nil
}

func codesOf(info *jetstream.StreamInfo) map[string]bool {
	codes := map[string]bool{}
	for key := range info.Config.Metadata {
		if code, ok := strings.CutPrefix(key, codePrefix); ok {
			codes[code] = true
		}
	}
	return codes
}

// lettersOf counts those of a code: they are what a consumer of them would begin with.
func (a *Account) lettersOf(ctx context.Context, code string) (n uint64, err error) {
	err = a.engine.request(ctx, func(ctx context.Context) error {
		consumer, err := a.letters.CreateConsumer(ctx, jetstream.ConsumerConfig{
			FilterSubject:     a.letterSubject(code + ".*"),
			AckPolicy:         jetstream.AckNonePolicy,
			MemoryStorage:     true,
			Replicas:          1,
			InactiveThreshold: time.Minute, // if it can't be deleted
		})
		if err != nil {
			return err
		}
		n = consumer.CachedInfo().NumPending
		_ = a.letters.DeleteConsumer(ctx, consumer.CachedInfo().Name)
		return nil
	})
	return n, describe(err)
}

// noteCodes has the stream's metadata tell the codes of letters before they are kept. The error
// is [ErrUnavailable]: a server that refuses it only has to name the letters.
func (a *Account) noteCodes(ctx context.Context, codes []string) error {
	a.codes.mu.Lock()
	defer a.codes.mu.Unlock()
	var missing []string
	for _, code := range codes {
		if !a.codes.known[code] && len(a.codes.known) < codesNoted {
			missing = append(missing, code)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	err := describe(a.engine.request(ctx, func(ctx context.Context) error {
		info, err := leaderInfo(ctx, a.letters)
		if err != nil {
			return err
		}
		noted, config := codesOf(info), info.Config
		before := len(noted)
		if config.Metadata == nil {
			config.Metadata = map[string]string{}
		}
		for _, code := range missing {
			if len(noted) < codesNoted {
				noted[code] = true
				config.Metadata[codePrefix+code] = ""
			}
		}
		if len(noted) > before {
			if _, err := a.engine.js.UpdateStream(ctx, config); err != nil {
				return err
			}
		}
		a.codes.known = noted
		return nil
	}))
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return nil
}
