package input

import "bytes"

// lines splits a text into whole lines. The chunk does the rest, so that the work
// is where the chunk is used.
type lines struct {
	limit    int
	seekable bool      // reading can begin at any line
	seen     int       // how much of the text at hand has no line's end
	over     *Position // where a line over the limit begins that is being passed over
}

func (l *lines) split(chunk *Chunk, text []byte, at Position, last bool) (int, error) {
	if l.over != nil {
		return l.passOver(chunk, text, at, last), nil
	}
	end := l.seen + bytes.LastIndexByte(text[l.seen:], '\n') + 1
	switch {
	case last:
		end = len(text)
	case end > l.seen:
	case len(text) > l.limit+len(byteOrderMark)+len("\r\n"):
		l.seen, l.over = 0, &at
		return len(text), nil
	default:
		l.seen = len(text)
		return 0, nil
	}
	l.seen = 0
	chunk.lines, chunk.at, chunk.seekable = text[:end], at, l.seekable
	return end, nil
}

// passOver looks for the end of a line over the limit, and then gives what stands
// for it.
func (l *lines) passOver(chunk *Chunk, text []byte, at Position, last bool) int {
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
	chunk.found = append(chunk.found, found{Event: Event{
		Position: *l.over, Next: next, Form: FormJSONLines, Ended: ended, TooLong: true,
	}})
	l.over = nil
	return size
}
