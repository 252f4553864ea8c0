package input

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Form is how events stand in the input.
type Form string

// The values of Form.
const (
	// FormJSONLines is an event on a line.
	FormJSONLines Form = "json_lines"
	// FormJSON is an event over several lines.
	FormJSON Form = "json"
	// FormJSONArray is an event in an array, which may be a line or a whole file.
	FormJSONArray Form = "json_array"
	// FormBatch is an event in the body of RudderStack's batch call:
	// {"batch":[…],"sentAt":…}. What stands beside the batch isn't the event's.
	FormBatch Form = "batch"
	// FormArchive is an event, or a batch of them, in a line of RudderStack's
	// archive: {"userId":…,"payload":{…},"createdAt":…,"messageId":…}.
	FormArchive Form = "archive"
)

// sniff tells the form of a file by how it begins: FormJSONLines if it is made of
// lines, FormJSON or FormJSONArray if values stand over several. It isn't known before
// enough is there, unless there is no more. Where the first line is over the limit,
// isLongForm knows better.
//
// A file of lines whose first is cut off mustn't be taken for a value over several
// lines, which would swallow the others: such a line hardly ends in a bracket.
func sniff(text []byte, all bool) (form Form, known bool) {
	known = all || len(text) >= chunkSize
	if !known && bytes.HasPrefix(byteOrderMark, text) {
		return "", false
	}
	line, _, ended := bytes.Cut(text[firstLine(text):], newline)
	known = known || ended
	line = bytes.Trim(line, " \t\r")
	switch {
	case len(line) == 0:
		return FormJSONLines, known && all
	case line[0] == '[':
		switch inside := bytes.TrimLeft(line[1:], " \t"); {
		case len(inside) == 0:
			return FormJSONArray, known
		case inside[0] == '{' || inside[0] == ']':
			return FormJSONArray, true
		}
	case line[0] == '{' && !known:
		return "", false
	case line[0] == '{':
		at, _ := newObject(line).batchBegin()
		end := line[len(line)-1]
		if ended && (end == '{' || end == '[' || end == ',' && at > 0) {
			return FormJSON, true
		}
	}
	return FormJSONLines, true
}

// isLongForm tells whether a first line that is over the limit holds events that may be
// read one by one: it is a batch, or values one behind the other.
func isLongForm(line []byte) bool {
	at, _ := newObject(line).batchBegin()
	if at > 0 {
		return true
	}
	end := valueEnd(line)
	return end > 0 && beginsValue(bytes.TrimLeft(line[end:], " \t\r"))
}

// beginsValue tells whether a text begins as an object or a list.
func beginsValue(text []byte) bool { return len(text) > 0 && (text[0] == '{' || text[0] == '[') }

// hasLongMargin tells whether a text begins with more blanks than a line may have bytes.
func hasLongMargin(text []byte, limit int) bool {
	return len(text)-len(bytes.TrimLeft(text, " \t\r")) > limit+len("\r\n")
}

// firstLine is where the first line begins that isn't blank.
func firstLine(text []byte) int {
	mark := 0
	if bytes.HasPrefix(text, byteOrderMark) {
		mark = len(byteOrderMark)
	}
	blank := len(text) - len(bytes.TrimLeft(text[mark:], " \t\r\n"))
	return max(mark, bytes.LastIndexByte(text[:blank], '\n')+1)
}

// contents are what a value holds.
type contents struct {
	form   Form   // of the events; there is none if the value is one itself, or isn't whole
	text   []byte // a list of events, a single one, or several one behind the other
	row    bool   // they are one behind the other
	copied bool   // text isn't a part of the value's
}

// inside finds what a value holds.
func inside(text []byte) contents {
	text = bytes.TrimSpace(text)
	switch {
	case text[0] == '[' && valueEnd(text) == len(text):
		return contents{form: FormJSONArray, text: text}
	case mayBeRow(text) && isRow(text):
		return contents{form: FormJSON, text: text, row: true}
	case text[0] != '{':
		return contents{}
	}
	p := partsOf(text)
	switch {
	case p.hasType:
	case isList(p.batch):
		return contents{form: FormBatch, text: p.batch}
	default:
		if events := eventsOf(p.payload); events != nil {
			return contents{form: FormArchive, text: events, copied: p.payload[0] == '"'}
		}
	}
	return contents{}
}

// mayBeRow tells texts in which one value may follow another from those of which each
// surely is a single one, at little cost.
func mayBeRow(text []byte) bool {
	if text[0] == '[' {
		return true
	}
	for {
		i := bytes.IndexByte(text, '}')
		if i < 0 {
			return false
		}
		for i++; i < len(text) && isSpace(text[i]); i++ {
		}
		if text = text[i:]; beginsValue(text) {
			return true
		}
	}
}

// isRow tells whether a text is made of objects and lists, one behind the other without a
// line's end, as captured bodies of requests may be. The last may be cut off. Where
// anything else is between them or behind them it isn't: a bracket too many must not make
// an event of the first half of one.
func isRow(text []byte) bool {
	for values := 0; ; values++ {
		end := valueEnd(text)
		if !beginsValue(text) || end == 0 {
			return beginsValue(text) && values > 0
		}
		if text = bytes.TrimLeft(text[end:], " \t\r\n"); len(text) == 0 {
			return values > 0
		}
	}
}

// eventsOf gives the events of an archive's payload: the list of a batch, or the
// payload itself. It may be a string of JSON.
func eventsOf(payload []byte) []byte {
	if len(payload) > 0 && payload[0] == '"' {
		if !utf8.Valid(payload) {
			return nil // and what would stand for it takes three times the memory
		}
		text, err := jsontext.AppendUnquote(nil, payload)
		if payload = bytes.TrimSpace(text); err != nil || valueEnd(payload) != len(payload) {
			return nil
		}
	}
	switch {
	case isList(payload):
		return payload
	case len(payload) == 0 || payload[0] != '{':
		return nil
	}
	if p := partsOf(payload); !p.hasType && isList(p.batch) {
		return p.batch
	}
	return payload
}

func isList(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// parts are the members of an object that tell what it is.
type parts struct {
	hasType        bool
	batch, payload []byte
}

// partsOf looks at an object. It finds nothing unless text is one, whole, and has each
// part once.
func partsOf(text []byte) (p parts) {
	o := newObject(text)
	for name, ok := o.next(); ok; name, ok = o.next() {
		value := o.value()
		twice := false
		switch string(name) {
		case `"type"`:
			p.hasType = true
		case `"batch"`:
			twice, p.batch = p.batch != nil, value
		case `"payload"`:
			twice, p.payload = p.payload != nil, value
		}
		if twice || value == nil {
			return parts{} // of two one would be lost; the mapper names the fault
		}
	}
	if !o.whole || o.pos != len(text) {
		return parts{}
	}
	return p
}

// batchBegin is where the list begins if the object is the body of a batch call; 0 if it
// is something else, which may be known only with more of its text.
func (o *object) batchBegin() (at int, known bool) {
	for name, ok := o.next(); ok; name, ok = o.next() {
		switch {
		case string(name) == `"type"`:
			return 0, true
		case string(name) == `"batch"` && o.text[o.pos] == '[':
			return o.pos, true
		case string(name) == `"batch"`: // one that follows would be the second
			return 0, true
		case o.value() == nil:
			return 0, false
		}
	}
	return 0, o.ended
}
