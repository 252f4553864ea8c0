package tally

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

func keyOfNumber(i int) Key { return KeyOf("person", strconv.Itoa(i)) }

func TestDistinct(t *testing.T) {
	var d Distinct
	if n, exact := d.Count(); n != 0 || !exact {
		t.Errorf("nothing: %d, %t", n, exact)
	}
	for i := range 3 * MaxExact {
		d.Add(keyOfNumber(i))
		d.Add(keyOfNumber(i / 2))
		if i == MaxExact-1 {
			if n, exact := d.Count(); n != MaxExact || !exact {
				t.Errorf("up to the bound: %d, %t", n, exact)
			}
		}
	}
	if n, exact := d.Count(); exact || math.Abs(float64(n)/(3*MaxExact)-1) > 0.01 {
		t.Errorf("beyond the bound: %d, %t", n, exact)
	}
}

// TestDistinctBeyondTheSample checks that a key that makes the sample overflow is added only if it
// belongs to the smaller sample.
func TestDistinctBeyondTheSample(t *testing.T) {
	var d Distinct
	for i := range MaxExact {
		d.Add(keyOfNumber(i))
	}
	const odd = 1 // not in a sample of keys that end in zero bits
	if d.Add(odd); d.zeros == 0 || d.sample.has(odd) {
		t.Errorf("a sample of keys that end in %d zero bits has an odd key: %t", d.zeros, d.sample.has(odd))
	}
}

func TestPartsAreKeptApart(t *testing.T) {
	if KeyOf("ab", "c") == KeyOf("a", "bc") || KeyOf("abc") == KeyOf("ab", "c") {
		t.Error("different parts have the same key")
	}
}

func TestSeen(t *testing.T) {
	const least = 1000
	s := NewSeen(least)
	for i := range 3*least - 1 {
		if s.Add(keyOfNumber(i)) {
			t.Fatalf("%d came before", i)
		}
	}
	if n := s.recent.n + s.older.n; n > 2*least {
		t.Errorf("%d are known", n)
	}
	for i := 2*least - 1; i < 3*least-1; i++ {
		if !s.Add(keyOfNumber(i)) {
			t.Fatalf("%d is forgotten", i)
		}
	}
	if s.Add(keyOfNumber(0)) {
		t.Error("the first of all is known still")
	}
}

// TestSet checks a set against a map, with keys that want the same slots.
func TestSet(t *testing.T) {
	const room = 100
	random := rand.New(rand.NewPCG(1, 2))
	s, want := newSet(room), map[Key]bool{}
	key := func() Key { return Key(random.Uint64N(64)<<58 | random.Uint64N(8)) }
	for range 50 * room {
		if k := key(); len(want) < room || want[k] {
			s.add(k)
			want[max(k, 1)] = true
		}
		if k := key(); s.has(k) != want[max(k, 1)] {
			t.Fatalf("%x: %t", k, !want[max(k, 1)])
		}
	}
	if s.n != len(want) || len(want) < room/2 {
		t.Errorf("%d keys, want %d", s.n, len(want))
	}
	if s.clear(); s.n != 0 || s.has(1) {
		t.Error("the set isn't empty")
	}
}
