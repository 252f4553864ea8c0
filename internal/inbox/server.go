package inbox

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// server completes the events of SDKs as RudderStack's server does before it hands them
// on. Events of the webhook have been there, and stay as they are, as do those that were
// completed before they became dead letters.
//
//   - receivedAt is when the request came.
//   - timestamp, where the event has none that can be read, is receivedAt − (sentAt −
//     originalTimestamp), which makes up for a clock that is wrong. The event's sentAt goes
//     before the batch's. Without any the clock is taken to be right, and timestamp is
//     originalTimestamp; without that it is receivedAt.
//   - type is that of the endpoint, where the event has none.
//
// RudderStack's SDKs send originalTimestamp. Segment's send timestamp, which stays: a
// server's clock is right, and who sets a time of the past means it.
type server struct {
	isSDK    bool
	received time.Time
	sentAt   []byte // of the batch, or nil
	typ      string // or empty
}

func newServer(r Request, sentAt []byte) server {
	return server{
		isSDK: r.Kind != Webhook && r.Kind != Event, received: r.Received.UTC(), sentAt: sentAt, typ: kinds[r.Kind].eventType,
	}
}

// timeFormat is how RudderStack's server writes times.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// complete gives the event with those members set. All else stays as it came, byte for
// byte, and so does what is no JSON object or has a name twice, which is the mapper's to
// refuse.
func (s *server) complete(event []byte) []byte {
	if !s.isSDK {
		return event
	}
	m, ok := read(event)
	if !ok {
		return event
	}
	if s.typ != "" && isBlank(m.of[typeMember].value) {
		m.set(typeMember, s.typ)
	}
	if _, ok := mapper.ParseTime(m.of[timestampMember].value); !ok {
		m.set(timestampMember, s.timestamp(m).Format(timeFormat))
	}
	m.set(receivedAtMember, s.received.Format(timeFormat))
	return m.write(event)
}

func (s *server) timestamp(m *members) time.Time {
	original, ok := mapper.ParseTime(m.of[originalTimestampMember].value)
	if !ok {
		return s.received
	}
	sent, ok := mapper.ParseTime(m.of[sentAtMember].value)
	if !ok {
		if sent, ok = mapper.ParseTime(s.sentAt); !ok {
			return original.UTC()
		}
	}
	return s.received.Add(-sent.Sub(original))
}

// isBlank tells whether a value is missing, null, or a string of spaces.
func isBlank(value []byte) bool {
	switch {
	case len(value) == 0 || value[0] == 'n':
		return true
	case value[0] != '"':
		return false
	}
	return len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}

// members are those of an event that are looked at or set.
type members struct {
	begin int  // behind the event's opening brace
	empty bool // there are no members at all
	of    [memberCount]member
}

type member struct {
	begin, end int // of the value in the event; 0 where there is none
	value      []byte
	set        string // what the value is to be, or empty
}

const (
	typeMember = iota
	timestampMember
	originalTimestampMember
	sentAtMember
	receivedAtMember
	memberCount
)

var memberNames = [memberCount]string{"type", "timestamp", "originalTimestamp", "sentAt", "receivedAt"}

func (m *members) set(which int, text string) { m.of[which].set = text }

// read finds the members of a text that is one JSON object with names that are unique.
func read(text []byte) (*members, bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	// A lone surrogate comes only as an escape, and is let through as in the mapper.
	d := jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowInvalidUTF8(true))
	if d.PeekKind() != jsontext.KindBeginObject {
		return nil, false
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	m := &members{begin: int(d.InputOffset()), empty: true}
	for d.PeekKind() != jsontext.KindEndObject {
		m.empty = false
		name, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		which := memberOf(name)
		value, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		if which >= 0 {
			end := int(d.InputOffset())
			begin := end - len(value)
			m.of[which] = member{begin: begin, end: end, value: text[begin:end]}
		}
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	_, err := d.ReadToken()
	return m, errors.Is(err, io.EOF)
}

// memberOf is the member that a name in quotes names, or -1.
func memberOf(quoted []byte) int {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name, _ = jsontext.AppendUnquote(nil, quoted) // fails on what is none of them
	}
	return slices.Index(memberNames[:], string(name))
}

// write writes the event with what was set. What it lacks comes first.
func (m *members) write(event []byte) []byte {
	var there []member
	missing := make([]byte, 0, 128)
	for which, a := range m.of {
		switch {
		case a.set == "":
		case a.end > 0:
			there = append(there, a)
		default:
			missing = append(append(append(missing, '"'), memberNames[which]...), `":"`...)
			missing = append(append(missing, a.set...), `",`...)
		}
	}
	if m.empty {
		missing = bytes.TrimSuffix(missing, []byte(","))
	}
	slices.SortFunc(there, func(a, b member) int { return cmp.Compare(a.begin, b.begin) })

	out := make([]byte, 0, len(event)+len(missing)+len(there)*len(timeFormat))
	out = append(append(out, event[:m.begin]...), missing...)
	at := m.begin
	for _, a := range there {
		out = append(append(out, event[at:a.begin]...), '"')
		out = append(append(out, a.set...), '"')
		at = a.end
	}
	return append(out, event[at:]...)
}
