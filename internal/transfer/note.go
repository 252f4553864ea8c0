package transfer

import "github.com/rudderklaviyo/rudderklaviyo/internal/input"

// Note is information about an event that isn't simply delivered.
type Note struct {
	Kind Kind
	Code string
	At   input.Position
}

// Kind is the kind of a [Note].
type Kind int

// Kinds of notes.
const (
	Undeliverable Kind = iota // it can't be delivered
	Skipped                   // it isn't sent to Klaviyo
	Warned                    // it is sent with changes
)

// CodeUnchanged is the code of a line that stays in the file, with [ErrUnchanged].
const CodeUnchanged = "record_stays"

// note reports an event. The caller holds t.mu.
func (t *Transfer) note(n Note) {
	if t.cfg.Note != nil {
		t.cfg.Note(n)
	}
}
