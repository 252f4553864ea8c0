package tally

// Seen remembers the most recent items. It takes about 21 bytes for each.
type Seen struct {
	minSize       int
	recent, older set
}

// NewSeen returns a Seen that remembers at least minSize recent distinct items, and at most
// twice as many.
func NewSeen(minSize int) *Seen { return &Seen{minSize: minSize} }

// Add reports whether an item was added before, and adds it.
func (s *Seen) Add(k Key) (before bool) {
	if s.recent.has(k) {
		return true
	}
	before = s.older.has(k)
	if s.recent.n == s.minSize || s.recent.slots == nil {
		s.recent, s.older = s.older, s.recent
		if s.recent.slots == nil {
			s.recent = newSet(s.minSize)
		}
		s.recent.clear()
	}
	s.recent.add(k)
	return before
}
