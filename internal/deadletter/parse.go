package deadletter

import (
	"bytes"
	"encoding/json"
	"errors"
)

// errNotRecord means that a line isn't a complete record.
var errNotRecord = errors.New("the line is not a dead letter")

// Parse parses a record. The error contains nothing of the line.
func Parse(line []byte) (Letter, error) {
	var record struct {
		File        string          `json:"file"`
		Line        int             `json:"line"`
		Number      int             `json:"event_number"`
		Event       json.RawMessage `json:"event"`
		EventBase64 []byte          `json:"event_base64"`
		Error       *Error          `json:"error"`
		Attempts    int             `json:"attempts"`
		Revision    string          `json:"revision"`
	}
	if err := json.Unmarshal(line, &record); err != nil || record.Error == nil {
		return Letter{}, errNotRecord
	}
	letter := Letter{File: record.File, Line: record.Line, Number: record.Number, Error: *record.Error, Attempts: record.Attempts, Revision: record.Revision}
	switch {
	case record.EventBase64 != nil:
		letter.Event = record.EventBase64
	case record.Event == nil:
		return Letter{}, errNotRecord
	case bytes.HasPrefix(record.Event, []byte(`"`)):
		var text string
		if err := json.Unmarshal(record.Event, &text); err != nil {
			return Letter{}, errNotRecord
		}
		letter.Event = []byte(text)
	case !bytes.Equal(record.Event, []byte("null")):
		letter.Event = record.Event
	}
	return letter, nil
}
