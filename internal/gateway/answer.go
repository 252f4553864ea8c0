package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// answer is what a sender is told.
type answer struct {
	status  int
	code    string // empty for a request that is kept
	message string // what to do
	after   time.Duration
	closes  bool // the connection, for instance because there may be more of the body
}

// accepted has the text that RudderStack's own server answers with.
var accepted = answer{status: http.StatusOK}

// The answers that are no use to repeat: RudderStack drops the event.
var (
	unauthorized = answer{
		status: http.StatusUnauthorized, code: "unauthorized", closes: true,
		message: "send one of the account's tokens: Authorization: Bearer TOKEN, or as the user of Basic",
	}
	notFound = answer{
		status: http.StatusNotFound, code: "not_found", closes: true,
		message: "send to /v1/webhook, or to /v1/batch, identify, track, group, screen, page or alias",
	}
	notAllowed = answer{
		status: http.StatusMethodNotAllowed, code: "method_not_allowed", closes: true,
		message: "send with POST",
	}
	unknownEncoding = answer{
		status: http.StatusUnsupportedMediaType, code: "unknown_encoding", closes: true,
		message: "send the body with Content-Encoding: gzip, or as it is",
	}
	brokenGzip = answer{
		status: http.StatusBadRequest, code: "broken_gzip", closes: true,
		message: "the body isn't gzip, though Content-Encoding says so",
	}
	brokenBody = answer{
		status: http.StatusBadRequest, code: "broken_body", closes: true,
		message: "the body ended before all of it was there",
	}
)

// tooLarge is the answer to a body over a limit in bytes.
func tooLarge(limit int) answer {
	return answer{
		status: http.StatusRequestEntityTooLarge, code: "too_large", closes: true,
		message: fmt.Sprintf("send less at once: a body has %d bytes at most, after decompression", limit),
	}
}

// The answers that may pass: RudderStack tries again until it is answered otherwise.
var (
	stopping = answer{
		status: http.StatusTooManyRequests, code: "stopping", after: 5 * time.Second, closes: true,
		message: "the service is stopping; try again",
	}
	starting = answer{
		status: http.StatusTooManyRequests, code: "starting", after: 2 * time.Second,
		message: "the service is starting; try again",
	}
	busy = answer{
		status: http.StatusTooManyRequests, code: "busy", after: time.Second, closes: true,
		message: "too much is under way at once; try again, and send less at a time",
	}
	slow = answer{
		status: http.StatusTooManyRequests, code: "slow", after: time.Second, closes: true,
		message: "the body didn't come in time; try again",
	}
	unavailable = answer{
		status: http.StatusTooManyRequests, code: "unavailable", after: 5 * time.Second,
		message: "the events can't be kept for now; try again",
	}
	heldUp = answer{
		status: http.StatusTooManyRequests, code: "held_up", after: time.Second,
		message: "the service was held up, and may have been given the events elsewhere; try again",
	}
	full = answer{
		status: http.StatusTooManyRequests, code: "full", after: 30 * time.Second,
		message: "the account's backlog is full; try again once some of it is delivered",
	}
)

// published is the answer to a request whose message was published with an error or without.
func published(err error) answer {
	for _, known := range []struct {
		err error
		answer
	}{{nil, accepted}, {ErrFull, full}, {ErrStarting, starting}} {
		if errors.Is(err, known.err) {
			return known.answer
		}
	}
	return unavailable
}

// drainTime is how long a sender that was refused may go on sending its body.
const drainTime = time.Second

func (a *answer) write(w http.ResponseWriter) {
	h, c := w.Header(), http.NewResponseController(w)
	if a.closes {
		h.Set("Connection", "close")
		_ = c.SetReadDeadline(time.Now().Add(drainTime)) // fails where there is no connection
	}
	if a.after > 0 {
		h.Set("Retry-After", strconv.Itoa(int(a.after/time.Second)))
	}
	body, contentType := []byte("OK"), "text/plain; charset=utf-8"
	if a.status != http.StatusOK {
		body, _ = json.Marshal(map[string]map[string]string{"error": {"code": a.code, "message": a.message}})
		body, contentType = append(body, '\n'), "application/json"
	}
	switch a.status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = []string{`Bearer realm="rudderklaviyo"`, `Basic realm="rudderklaviyo", charset="UTF-8"`}
	case http.StatusMethodNotAllowed:
		h.Set("Allow", http.MethodPost)
	case http.StatusUnsupportedMediaType:
		h.Set("Accept-Encoding", "gzip, identity")
	}
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(a.status)
	_, _ = w.Write(body)
	_ = c.Flush() // the connection may be closed from now on
}
