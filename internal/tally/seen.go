package tally

// Seen knows the things that came last, in about 21 bytes for each.
type Seen struct {
	least         int
	recent, older set
}

// NewSeen makes a Seen that knows so many of the different things that came last at
// least; it is at most twice as many.
func NewSeen(least int) *Seen { return &Seen{least: least} }

// Add tells whether a thing came before, and notes it.
func (s *Seen) Add(k Key) (before bool) {
	if s.recent.has(k) {
		return true
	}
	before = s.older.has(k)
	if s.recent.n == s.least || s.recent.slots == nil {
		s.recent, s.older = s.older, s.recent
		if s.recent.slots == nil {
			s.recent = newSet(s.least)
		}
		s.recent.clear()
	}
	s.recent.add(k)
	return before
}
