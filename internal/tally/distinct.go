package tally

// MaxExact is how many different things are counted exactly.
const MaxExact = 200_000

// Distinct counts different things: up to MaxExact exactly, and beyond within a percent,
// from those of them whose keys end in a number of zero bits. It takes about 2 MB. The
// zero Distinct is empty.
type Distinct struct {
	// counted are the keys with at least as many zero bits at their end.
	counted set
	zeros   int
}

// Add counts a thing, unless it was counted before.
func (d *Distinct) Add(k Key) {
	if !d.counts(k) || d.counted.has(k) {
		return
	}
	if d.counted.slots == nil {
		d.counted = newSet(MaxExact)
	}
	for d.counted.n == MaxExact {
		d.halve()
		if !d.counts(k) {
			return
		}
	}
	d.counted.add(k)
}

// counts tells whether a key is one of those that are counted.
func (d *Distinct) counts(k Key) bool { return k&(1<<d.zeros-1) == 0 }

// halve counts half as many from now on.
func (d *Distinct) halve() {
	d.zeros++
	all := d.counted.slots
	d.counted = newSet(MaxExact)
	for _, k := range all {
		if k != 0 && d.counts(k) {
			d.counted.add(k)
		}
	}
}

// Count is how many there are, and whether that is exact.
func (d *Distinct) Count() (n int, exact bool) {
	return d.counted.n << d.zeros, d.zeros == 0
}
