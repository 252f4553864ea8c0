package input

import "bytes"

// lines splits a text into whole lines. The chunk does the rest, which distributes the work if
// chunks are processed concurrently.
type lines struct {
	limit    int
	seekable bool      // reading can start at any line
	scanned  int       // how much of the text has no line ending
	tooLong  *Position // start of a line that exceeds the limit and is skipped, or nil
}

func (l *lines) split(chunk *Chunk, text []byte, at Position, last bool) (int, error) {
	if l.tooLong != nil {
		return l.skipTooLong(chunk, text, at, last), nil
	}
	end := l.scanned + bytes.LastIndexByte(text[l.scanned:], '\n') + 1
	switch {
	case last:
		end = len(text)
	case end > l.scanned:
	case len(text) > l.limit+len(byteOrderMark)+len("\r\n"):
		l.scanned, l.tooLong = 0, &at
		return len(text), nil
	default:
		l.scanned = len(text)
		return 0, nil
	}
	l.scanned = 0
	chunk.lines, chunk.at, chunk.seekable = text[:end], at, l.seekable
	return end, nil
}

// skipTooLong skips a line that exceeds the limit, and adds an event for it at its end.
func (l *lines) skipTooLong(chunk *Chunk, text []byte, at Position, last bool) int {
	size, ended := bytes.IndexByte(text, '\n')+1, true
	if size == 0 {
		size, ended = len(text), false
	}
	if !ended && !last {
		return size
	}
	next := Position{File: at.File, Line: at.Line + 1}
	if l.seekable {
		next.Offset = at.Offset + int64(size)
	}
	chunk.pending = append(chunk.pending, pendingEvent{Event: Event{
		Position: *l.tooLong, Next: next, Form: FormJSONLines, Ended: ended, TooLong: true,
	}})
	l.tooLong = nil
	return size
}
