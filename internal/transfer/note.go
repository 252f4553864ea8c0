package transfer

import "github.com/rudderklaviyo/rudderklaviyo/internal/input"

// Note is what a person may want to know of an event that isn't simply delivered.
type Note struct {
	Kind Kind
	Code string
	At   input.Position
}

// Kind is what became of an event that a [Note] is about.
type Kind int

// The kinds.
const (
	Undeliverable Kind = iota // it can't be delivered
	Skipped                   // it isn't for Klaviyo
	Warned                    // it is sent, but not all of it as it was meant
)

// CodeStays is the code of a line that stays where it is, with [ErrStays].
const CodeStays = "record_stays"

// note tells of an event. It needs the lock of the figures.
func (t *Transfer) note(n Note) {
	if t.cfg.Note != nil {
		t.cfg.Note(n)
	}
}
