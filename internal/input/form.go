package input

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Form is the form of events in the input.
type Form string

// Values of Form.
const (
	// FormJSONLines is one event per line.
	FormJSONLines Form = "json_lines"
	// FormJSON is an event that spans several lines.
	FormJSON Form = "json"
	// FormJSONArray is an event in an array, which may be a line or a whole file.
	FormJSONArray Form = "json_array"
	// FormBatch is an event in the body of RudderStack's batch call: {"batch":[…],"sentAt":…}.
	// Other members aren't part of the event.
	FormBatch Form = "batch"
	// FormArchive is an event, or a batch of events, in a line of RudderStack's archive:
	// {"userId":…,"payload":{…},"createdAt":…,"messageId":…}.
	FormArchive Form = "archive"
)

// detectForm detects the form of a file by its beginning: FormJSONLines for lines, or FormJSON
// or FormJSONArray for values that span several lines. known is false if more text is needed.
// all means that there is no more. If the first line exceeds the limit, isLongForm takes
// precedence.
//
// A truncated first line must not look like a value that spans several lines, which would
// include the other lines. Such a line rarely ends with a bracket.
func detectForm(text []byte, all bool) (form Form, known bool) {
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
		at, _ := newObject(line).batchStart()
		end := line[len(line)-1]
		if ended && (end == '{' || end == '[' || end == ',' && at > 0) {
			return FormJSON, true
		}
	}
	return FormJSONLines, true
}

// isLongForm reports whether a first line that exceeds the limit contains events that can be
// read one by one: it is a batch, or a sequence of values.
func isLongForm(line []byte) bool {
	at, _ := newObject(line).batchStart()
	if at > 0 {
		return true
	}
	end := valueEnd(line)
	return end > 0 && beginsValue(bytes.TrimLeft(line[end:], " \t\r"))
}

// beginsValue reports whether a text begins with an object or a list.
func beginsValue(text []byte) bool { return len(text) > 0 && (text[0] == '{' || text[0] == '[') }

// hasLongMargin reports whether a text begins with more blanks than the length limit of a line.
func hasLongMargin(text []byte, limit int) bool {
	return len(text)-len(bytes.TrimLeft(text, " \t\r")) > limit+len("\r\n")
}

// firstLine returns the start of the first line that isn't blank.
func firstLine(text []byte) int {
	mark := 0
	if bytes.HasPrefix(text, byteOrderMark) {
		mark = len(byteOrderMark)
	}
	blank := len(text) - len(bytes.TrimLeft(text[mark:], " \t\r\n"))
	return max(mark, bytes.LastIndexByte(text[:blank], '\n')+1)
}

// nestedEvents are the events in a value.
type nestedEvents struct {
	form     Form   // form of the events; empty if the value is itself an event, or incomplete
	text     []byte // a list of events, a single event, or a sequence
	sequence bool   // text is a sequence of values
	copied   bool   // text isn't part of the value's memory
}

// findNested finds the events in a value.
func findNested(text []byte) nestedEvents {
	text = bytes.TrimSpace(text)
	switch {
	case text[0] == '[' && valueEnd(text) == len(text):
		return nestedEvents{form: FormJSONArray, text: text}
	case mayBeSequence(text) && isSequence(text):
		return nestedEvents{form: FormJSON, text: text, sequence: true}
	case text[0] != '{':
		return nestedEvents{}
	}
	p := parseMembers(text)
	switch {
	case p.hasType:
	case isList(p.batch):
		return nestedEvents{form: FormBatch, text: p.batch}
	default:
		if events := archivedEvents(p.payload); events != nil {
			return nestedEvents{form: FormArchive, text: events, copied: p.payload[0] == '"'}
		}
	}
	return nestedEvents{}
}

// mayBeSequence is a quick check that is false for most single values.
func mayBeSequence(text []byte) bool {
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

// isSequence reports whether a text is a sequence of objects and lists without line breaks,
// like captured request bodies. The last one may be incomplete. There must be nothing else
// between or after them, so that an extra bracket doesn't split an event.
func isSequence(text []byte) bool {
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

// archivedEvents returns the events in an archive's payload: the list of a batch, or the
// payload itself. The payload may be JSON in a string.
func archivedEvents(payload []byte) []byte {
	if len(payload) > 0 && payload[0] == '"' {
		if !utf8.Valid(payload) {
			return nil // replacement characters would take three times the memory
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
	if p := parseMembers(payload); !p.hasType && isList(p.batch) {
		return p.batch
	}
	return payload
}

func isList(value []byte) bool { return len(value) > 0 && value[0] == '[' }

// memberValues are the members of an object that determine what it is.
type memberValues struct {
	hasType        bool
	batch, payload []byte
}

// parseMembers parses an object. The result is empty if text isn't a complete object or has one
// of the members twice.
func parseMembers(text []byte) (p memberValues) {
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
			return memberValues{} // the mapper reports duplicate names
		}
	}
	if !o.complete || o.pos != len(text) {
		return memberValues{}
	}
	return p
}

// batchStart returns the start of the list if the object is the body of a batch call, or 0.
// known is false if more text is needed.
func (o *object) batchStart() (at int, known bool) {
	for name, ok := o.next(); ok; name, ok = o.next() {
		switch {
		case string(name) == `"type"`:
			return 0, true
		case string(name) == `"batch"` && o.text[o.pos] == '[':
			return o.pos, true
		case string(name) == `"batch"`: // a later one would be a duplicate
			return 0, true
		case o.value() == nil:
			return 0, false
		}
	}
	return 0, o.done
}
