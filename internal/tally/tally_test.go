package tally

import (
	"math"
	"strconv"
	"testing"
)

func TestDistinct(t *testing.T) {
	var d Distinct
	if n, exact := d.Count(); n != 0 || !exact {
		t.Errorf("nothing: %d, %t", n, exact)
	}
	for i := range 3 * MaxExact {
		d.Add("person", strconv.Itoa(i))
		d.Add("person", strconv.Itoa(i/2))
		if i == MaxExact-2 {
			if n, exact := d.Count(); n != MaxExact-1 || !exact {
				t.Errorf("below the bound: %d, %t", n, exact)
			}
		}
	}
	if n, exact := d.Count(); exact || math.Abs(float64(n)/(3*MaxExact)-1) > 0.01 {
		t.Errorf("beyond the bound: %d, %t", n, exact)
	}
}

func TestPartsAreKeptApart(t *testing.T) {
	var d Distinct
	d.Add("ab", "c")
	d.Add("a", "bc")
	d.Add("abc")
	if n, _ := d.Count(); n != 3 {
		t.Errorf("%d", n)
	}
}

func TestSeen(t *testing.T) {
	var s Seen
	for i := range 3*MinSeen - 1 {
		if s.Add(strconv.Itoa(i)) {
			t.Fatalf("%d came before", i)
		}
	}
	if len(s.recent)+len(s.older) > 2*MinSeen {
		t.Errorf("%d are known", len(s.recent)+len(s.older))
	}
	for i := 2*MinSeen - 1; i < 3*MinSeen-1; i += 1000 {
		if !s.Add(strconv.Itoa(i)) {
			t.Fatalf("%d is forgotten", i)
		}
	}
}
