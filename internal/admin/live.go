package admin

import (
	"bytes"
	"net/http"
	"time"
)

// liveWriteTime is how long a page may take to read an event.
const liveWriteTime = 10 * time.Second

// live sends the page's main part each second, as server-sent events.
func (s *Server) live(w http.ResponseWriter, r *http.Request) {
	ctx, cancel, control := s.lasting(w, r)
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // of a proxy
	if r.Method == http.MethodHead {
		return // it would never end
	}
	choice := choiceOf(r.URL.Query())
	now, err := s.board.now(ctx)
	for ; err == nil; now, err = s.board.next(ctx, now) {
		part, failed := s.render("main", s.viewOf(now, choice))
		if failed != nil {
			return // logged
		}
		_ = control.SetWriteDeadline(time.Now().Add(liveWriteTime))
		if _, failed := w.Write(serverSentEvent(part)); failed != nil {
			return
		}
		if control.Flush() != nil {
			return
		}
	}
}

// serverSentEvent frames a text: each of its lines is one of data.
func serverSentEvent(text []byte) []byte {
	var event bytes.Buffer
	for line := range bytes.Lines(text) {
		event.WriteString("data: ")
		event.Write(bytes.TrimRight(line, "\r\n"))
		event.WriteByte('\n')
	}
	event.WriteByte('\n')
	return event.Bytes()
}
