package tally

// MaxExact is the maximum number of distinct items that are counted exactly.
const MaxExact = 200_000

// Distinct counts distinct items: up to MaxExact exactly, beyond that to within a percent, by
// sampling keys that end in a number of zero bits. It takes about 2 MB. The zero Distinct is
// empty.
type Distinct struct {
	// sample has the keys that end in at least zeros zero bits.
	sample set
	zeros  int
}

// Add counts an item, unless it was counted before.
func (d *Distinct) Add(k Key) {
	if !d.inSample(k) || d.sample.has(k) {
		return
	}
	if d.sample.slots == nil {
		d.sample = newSet(MaxExact)
	}
	for d.sample.n == MaxExact {
		d.halve()
		if !d.inSample(k) {
			return
		}
	}
	d.sample.add(k)
}

// inSample reports whether a key belongs to the sample.
func (d *Distinct) inSample(k Key) bool { return k&(1<<d.zeros-1) == 0 }

// halve halves the sample.
func (d *Distinct) halve() {
	d.zeros++
	all := d.sample.slots
	d.sample = newSet(MaxExact)
	for _, k := range all {
		if k != 0 && d.inSample(k) {
			d.sample.add(k)
		}
	}
}

// Count returns the number of distinct items, and whether it is exact.
func (d *Distinct) Count() (n int, exact bool) {
	return d.sample.n << d.zeros, d.zeros == 0
}
