// Package tally counts different things of which there may be more than fit into
// memory.
package tally

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"math"
)

// A key stands for a thing. Two things with the same key, one chance in billions,
// count as one.
type key uint64

func keyOf(parts []string) key {
	sum := sha256.New()
	var size [8]byte
	for _, part := range parts {
		sum.Write(binary.LittleEndian.AppendUint64(size[:0], uint64(len(part))))
		sum.Write([]byte(part))
	}
	return key(binary.LittleEndian.Uint64(sum.Sum(nil)))
}

// MaxExact is how many different things are counted exactly.
const MaxExact = 100_000

// Distinct counts different things: up to MaxExact exactly, and beyond from how
// closely the smallest of their keys stand, which is right within a percent. It
// takes about 5 MB. The zero Distinct is empty.
type Distinct struct {
	smallest map[key]bool
	largest  keys // of the smallest
}

// Add counts the thing that the parts name, unless it was counted before.
func (d *Distinct) Add(parts ...string) {
	k := keyOf(parts)
	switch {
	case d.smallest[k]:
		return
	case d.smallest == nil:
		d.smallest = map[key]bool{}
	case len(d.largest) == MaxExact && k > d.largest[0]:
		return
	case len(d.largest) == MaxExact:
		delete(d.smallest, d.largest[0])
		d.smallest[k], d.largest[0] = true, k
		heap.Fix(&d.largest, 0)
		return
	}
	d.smallest[k] = true
	heap.Push(&d.largest, k)
}

// Count is how many there are, and whether that is exact.
func (d *Distinct) Count() (n int, exact bool) {
	if len(d.largest) < MaxExact {
		return len(d.largest), true
	}
	return int(float64(MaxExact-1) / (float64(d.largest[0]) / math.MaxUint64)), false
}

// keys is a heap that gives the largest first.
type keys []key

func (k keys) Len() int           { return len(k) }
func (k keys) Less(i, j int) bool { return k[i] > k[j] }
func (k keys) Swap(i, j int)      { k[i], k[j] = k[j], k[i] }
func (k *keys) Push(v any)        { *k = append(*k, v.(key)) }

func (k *keys) Pop() any {
	last := len(*k) - 1
	v := (*k)[last]
	*k = (*k)[:last]
	return v
}

// MinSeen is how many of the different things that came last a Seen knows at least;
// it is at most twice as many.
const MinSeen = 250_000

// Seen knows the things that came last. It takes about 10 MB at most. The zero Seen
// is empty.
type Seen struct {
	recent, older map[key]bool
}

// Add tells whether the thing that the parts name came before, and notes it.
func (s *Seen) Add(parts ...string) (before bool) {
	k := keyOf(parts)
	before = s.recent[k] || s.older[k]
	if s.recent == nil || len(s.recent) == MinSeen {
		s.recent, s.older = map[key]bool{}, s.recent
	}
	s.recent[k] = true
	return before
}
