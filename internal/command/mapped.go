package command

import (
	"bytes"
	"errors"
	"runtime"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// mapped is what map prints of a portion of the input, or a piece of that.
type mapped struct {
	lines  []byte
	found  input.Forms    // the events
	failed int            // those that can't be sent
	next   input.Position // after the last
}

// mapNext maps the events of a chunk until there is much to print, and says whether there
// may be more of them.
func (r *mapped) mapNext(m *mapper.Mapper, chunk *input.Chunk) (more bool) {
	lines := r.lines[:0]
	if cap(lines) > 2*largePortion {
		lines = nil
	}
	*r = mapped{lines: lines, found: input.Forms{}}
	for event, ok := chunk.Next(); ok; event, ok = chunk.Next() {
		result, reason := mapEvent(m, event)
		if result.Type == "" && chunk.Unwrap(event) {
			if chunk.Size() > largePortion {
				runtime.GC() // a string's line, or what mapping the line left behind, would stand beside the events
			}
			continue
		}
		r.next = event.Next
		r.found[event.Form]++
		if reason != nil {
			r.failed++
		}
		begin := len(r.lines)
		r.lines = append(appendMapped(r.lines, event.Position, result, reason), '\n')
		if event.Form != input.FormJSONLines && bytes.IndexByte(event.Text, '\n') >= 0 {
			r.lines = onOneLine(r.lines, begin)
		}
		if len(r.lines) >= largePortion {
			return true
		}
	}
	return false
}

// mapEvent maps an event that is whole.
func mapEvent(m *mapper.Mapper, event input.Event) (mapper.Result, *mapper.Error) {
	if event.TooLong {
		return mapper.Result{}, tooLong
	}
	result, err := m.Map(event.Text)
	var reason *mapper.Error
	errors.As(err, &reason)
	return result, reason
}

// appendMapped appends what map prints of an event, with the bodies as they go over
// the wire.
func appendMapped(dst []byte, at input.Position, result mapper.Result, reason *mapper.Error) []byte {
	dst = strconv.AppendInt(append(dst, `{"line":`...), int64(at.Line), 10)
	if at.Event > 0 {
		dst = strconv.AppendInt(append(dst, `,"event_number":`...), int64(at.Event), 10)
	}
	if result.MessageID != "" {
		dst = appendString(append(dst, `,"message_id":`...), result.MessageID)
	}
	dst = append(dst, `,"requests":[`...)
	for i, request := range result.Requests {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendRequest(dst, request)
	}
	dst = append(dst, ']')
	if len(result.Warnings) > 0 {
		dst = append(dst, `,"warnings":[`...)
		for i, warning := range result.Warnings {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendProblem(dst, warning.Code, warning.Field, warning.Message)
		}
		dst = append(dst, ']')
	}
	if reason != nil {
		dst = appendProblem(append(dst, `,"error":`...), reason.Code, reason.Field, reason.Message)
	}
	if result.Skipped != "" {
		dst = appendString(append(dst, `,"skipped":`...), string(result.Skipped))
	}
	return append(dst, '}')
}

// appendRequest appends a request with its operation.
func appendRequest(dst []byte, request mapper.Request) []byte {
	op := request.Operation()
	for _, member := range []string{`{"operation":"`, string(op.ID), `","method":"`, op.Method, `","path":"`, op.Path, `","body":`} {
		dst = append(dst, member...)
	}
	return append(request.AppendBody(dst), '}')
}

func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s) // fails on invalid UTF-8 only, which it replaces
	return dst
}

// appendProblem appends an error or a warning.
func appendProblem(dst []byte, code mapper.Code, field, message string) []byte {
	dst = appendString(append(dst, `{"code":`...), string(code))
	dst = appendString(append(dst, `,"field":`...), field)
	dst = appendString(append(dst, `,"message":`...), message)
	return append(dst, '}')
}

// onOneLine takes the lines' ends out of the object that begins at an offset,
// which come from values of an event over several lines.
func onOneLine(dst []byte, begin int) []byte {
	line := jsontext.Value(dst[begin:])
	if err := line.Compact(jsontext.AllowInvalidUTF8(true)); err != nil {
		return dst // it isn't reached: the event was valid, or isn't in it
	}
	return append(append(dst[:begin], line...), '\n')
}
