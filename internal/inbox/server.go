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

// server completes the events of SDKs as RudderStack's server does. It doesn't change events of
// the webhook, which come from there, or dead letters, which were completed before.
//
//   - receivedAt is the time of the request.
//   - timestamp, if the event has no valid one, is receivedAt − (sentAt − originalTimestamp),
//     which corrects a wrong clock of the sender. The event's sentAt takes precedence over the
//     batch's. Without a sentAt, timestamp is originalTimestamp; without that, receivedAt.
//   - type, if the event has none, is the type of the endpoint.
//
// RudderStack's SDKs send originalTimestamp. Segment's send timestamp, which isn't changed: a
// server's clock is right, and a time in the past is intended.
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

// complete returns the event with those members set. The rest isn't changed. Text that isn't a
// JSON object, or has a name twice, isn't changed at all; the mapper rejects it.
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

// isBlank reports whether a value is missing, null, or a string of spaces.
func isBlank(value []byte) bool {
	switch {
	case len(value) == 0 || value[0] == 'n':
		return true
	case value[0] != '"':
		return false
	}
	return len(bytes.TrimSpace(value[1:len(value)-1])) == 0
}

// members are the members of an event that are read or set.
type members struct {
	begin int  // the offset after the event's opening brace
	empty bool // the event has no members at all
	of    [memberCount]member
}

type member struct {
	begin, end int // of the value in the event; 0 if there is none
	value      []byte
	set        string // the new value, or empty
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

// read finds the members of a text. It returns false unless the text is one JSON object with
// unique names.
func read(text []byte) (*members, bool) {
	if !utf8.Valid(text) {
		return nil, false
	}
	// A lone surrogate, which can only be an escape, is allowed as in the mapper.
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

// memberOf returns the member with a quoted name, or -1.
func memberOf(quoted []byte) int {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') >= 0 {
		name, _ = jsontext.AppendUnquote(nil, quoted) // if this fails, it isn't one of the names
	}
	return slices.Index(memberNames[:], string(name))
}

// write returns the event with the members that were set. New members come first.
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
