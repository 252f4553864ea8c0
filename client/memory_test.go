package client

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"
)

func TestProfileMemory(t *testing.T) {
	m := newProfileMemory(2)
	look := func(ids identifiers, wantID string, wantBy int) {
		t.Helper()
		if id, by := m.lookup(ids); id != wantID || by != wantBy {
			t.Errorf("lookup gave %q by %d; want %q by %d", id, by, wantID, wantBy)
		}
	}
	m.learn("A", identifiers{"Ada@Example.com", "+12025550147", "a"})
	look(identifiers{"ada@example.com", "", ""}, "A", 0)
	look(identifiers{"", "+12025550147", ""}, "A", 1)
	look(identifiers{"", "", "a"}, "A", 2)
	look(identifiers{"", "", "A"}, "", 0)
	look(identifiers{"", "a", ""}, "", 0)
	look(identifiers{"new@example.com", "", "a"}, "A", 2)
	look(identifiers{}, "", 0)

	// The strongest decides.
	m.learn("B", identifiers{"bob@example.com", "", "b"})
	look(identifiers{"bob@example.com", "+12025550147", "a"}, "B", 0)
	look(identifiers{"", "+12025550147", "b"}, "A", 1)

	// A changed identifier is no longer the profile's.
	m.learn("B", identifiers{"robert@example.com", "", ""})
	look(identifiers{"bob@example.com", "", ""}, "", 0)
	look(identifiers{"robert@example.com", "", ""}, "B", 0)
	look(identifiers{"", "", "b"}, "B", 2)

	// One that another profile has now isn't the old one's, of which little is known then.
	m.learn("A", identifiers{"", "", "b"})
	look(identifiers{"", "", "b"}, "A", 2)
	look(identifiers{"robert@example.com", "", ""}, "", 0)

	m.forget("A")
	look(identifiers{"ada@example.com", "+12025550147", "b"}, "", 0)
	if len(m.indexes) != 0 {
		t.Errorf("%d identifiers are left", len(m.indexes))
	}
}

// Those who were asked for last are remembered.
func TestProfileMemoryIsBounded(t *testing.T) {
	m := newProfileMemory(2)
	for _, id := range []string{"A", "B"} {
		m.learn(id, identifiers{id + "@example.com", "", id})
	}
	m.lookup(identifiers{"A@example.com"})
	m.learn("C", identifiers{"C@example.com", "", "C"})
	for id, want := range map[string]string{"A": "A", "B": "", "C": "C"} {
		if got, _ := m.lookup(identifiers{"", "", id}); got != want {
			t.Errorf("%s is remembered as %q, want %q", id, got, want)
		}
	}
	for i := range 1000 {
		m.learn(strconv.Itoa(i), identifiers{strconv.Itoa(i) + "@example.com", "", strconv.Itoa(i)})
	}
	if len(m.entries) != 2 || len(m.indexes) != 6 {
		t.Errorf("%d people with %d ids and identifiers, want 2 with 6", len(m.entries), len(m.indexes))
	}
}

func TestNoProfileMemory(t *testing.T) {
	m := newProfileMemory(0)
	m.learn("A", identifiers{"ada@example.com"})
	if id, _ := m.lookup(identifiers{"ada@example.com"}); id != "" {
		t.Errorf("%q is remembered", id)
	}
}

// BenchmarkProfileMemory prints what a person takes who has all three identifiers.
func BenchmarkProfileMemory(b *testing.B) {
	const people = 100_000
	var m *profileMemory
	heap := func() float64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return float64(stats.HeapAlloc)
	}
	var grown float64
	for b.Loop() {
		m = nil
		before := heap()
		m = newProfileMemory(people)
		for i := range 2 * people { // half of them are forgotten again
			m.learn(fmt.Sprintf("01GDDKASAP8TKDDA2GRZ%06d", i), identifiers{fmt.Sprintf("person%d@example.com", i), fmt.Sprintf("+1202%07d", i), strconv.Itoa(i)})
		}
		grown = heap() - before
	}
	b.ReportMetric(grown/people, "B/person")
	runtime.KeepAlive(m)
}
