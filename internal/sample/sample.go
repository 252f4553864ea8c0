// Package sample generates RudderStack events for benchmarks and tests: any number, the same each
// time, like those of a shop with a web site and an app.
package sample

import (
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// People is the number of different people in the events.
const People = 10_000

// share is the percentage of a kind of event.
type share struct {
	percent float64
	event   func(*event)
}

// mix has the kinds of events. Their shares add up to 100.
var mix = []share{
	{80. / 3, plainTrack},
	{80. / 3, productAdded},
	{80. / 3, checkoutStarted},
	{15, identify},
	{5, group},
}

// event is an event that is being written.
type event struct {
	*rand.Rand
	text   []byte
	number int
	person person
	time   time.Time
}

// began is the time of the first event. The others follow a second apart.
var began = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

// AppendEvent appends the event with a number, counted from 0, of the events of a seed. It is a
// JSON object of about 2 kB on one line, without the newline. The same seed and number give the
// same event.
func AppendEvent(dst []byte, seed uint64, number int) []byte {
	e := &event{
		Rand:   rand.New(rand.NewPCG(seed, uint64(number))),
		text:   dst,
		number: number,
		time:   began.Add(time.Duration(number) * time.Second),
	}
	e.person = personOf(seed, e.IntN(People))
	at := e.Float64() * 100
	for _, kind := range mix {
		if at -= kind.percent; at < 0 {
			kind.event(e)
			return e.text
		}
	}
	group(e) // the last share: rounding may leave a remainder
	return e.text
}

// Write writes the first n events of a seed as JSON Lines.
func Write(w io.Writer, seed uint64, n int) error {
	const block = 64 << 10
	var lines []byte
	for i := range n {
		lines = append(AppendEvent(lines, seed, i), '\n')
		if len(lines) >= block || i == n-1 {
			if _, err := w.Write(lines); err != nil {
				return err
			}
			lines = lines[:0]
		}
	}
	return nil
}

// put appends texts as they are.
func (e *event) put(texts ...string) {
	for _, text := range texts {
		e.text = append(e.text, text...)
	}
}

// cents appends an amount of money.
func (e *event) cents(amount int) {
	e.text = strconv.AppendInt(e.text, int64(amount/100), 10)
	e.text = append(e.text, '.', byte('0'+amount/10%10), byte('0'+amount%10))
}

func (e *event) int(n int) { e.text = strconv.AppendInt(e.text, int64(n), 10) }

func (e *event) stamp(delay time.Duration) {
	e.text = append(e.text, '"')
	e.text = e.time.Add(delay).AppendFormat(e.text, "2006-01-02T15:04:05.000Z07:00")
	e.text = append(e.text, '"')
}

// hex appends digits that look like an id.
func (e *event) hex(digits int) {
	const all = "0123456789abcdef"
	for range digits {
		e.text = append(e.text, all[e.IntN(len(all))])
	}
}

func (e *event) uuid() {
	for i, digits := range []int{8, 4, 4, 4, 12} {
		if i > 0 {
			e.text = append(e.text, '-')
		}
		e.hex(digits)
	}
}

// pick returns one of several.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }
