package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/credential"
)

// answer is the response to a sender.
type answer struct {
	status  int
	code    string // empty for a request that was stored
	message string // what happened and what to do
	after   time.Duration
	closes  bool // the connection, for instance because more of the body may follow
}

// accepted has the text that RudderStack's own server responds with, and ends the line for
// those who use curl. SDKs go by the status.
var accepted = answer{status: http.StatusOK}

// Repeating these requests is useless: RudderStack drops the event.
var (
	unauthorized = answer{
		status: http.StatusUnauthorized, code: "unauthorized", closes: true,
		message: "the token is missing or unknown: send a token of the account as Authorization: Bearer TOKEN, or as the user name of Basic authentication",
	}
	notFound = answer{
		status: http.StatusNotFound, code: "not_found", closes: true,
		message: "unknown path: send to /v1/webhook, or to /v1/batch, /v1/identify, /v1/track, /v1/group, /v1/screen, /v1/page or /v1/alias",
	}
	notAllowed = answer{
		status: http.StatusMethodNotAllowed, code: "method_not_allowed", closes: true,
		message: "use the method POST",
	}
	unknownEncoding = answer{
		status: http.StatusUnsupportedMediaType, code: "unknown_encoding", closes: true,
		message: "unknown Content-Encoding: compress the body with gzip or not at all",
	}
	brokenGzip = answer{
		status: http.StatusBadRequest, code: "broken_gzip", closes: true,
		message: "the body isn't valid gzip, though Content-Encoding says gzip",
	}
	brokenBody = answer{
		status: http.StatusBadRequest, code: "broken_body", closes: true,
		message: "the body is incomplete: the connection ended early, or a chunk is malformed",
	}
)

// tooLarge is the answer to a body that exceeds a limit in bytes.
func tooLarge(limit int) answer {
	return answer{
		status: http.StatusRequestEntityTooLarge, code: "too_large", closes: true,
		message: fmt.Sprintf("the body exceeds %d bytes after decompression: send smaller batches", limit),
	}
}

// ReasonAccountRemoved is the code of the answer to a sender of an account that was removed.
const ReasonAccountRemoved = "account_removed"

// RudderStack repeats these requests until the answer is another.
var (
	stopping = answer{
		status: http.StatusTooManyRequests, code: "stopping", after: 5 * time.Second, closes: true,
		message: "the service is stopping: retry later",
	}
	starting = answer{
		status: http.StatusTooManyRequests, code: "starting", after: 2 * time.Second,
		message: "the service is starting: retry later",
	}
	busy = answer{
		status: http.StatusTooManyRequests, code: "busy", after: time.Second, closes: true,
		message: "too many requests are in progress: retry later, and send fewer at once",
	}
	slow = answer{
		status: http.StatusTooManyRequests, code: "slow", after: time.Second, closes: true,
		message: "the body didn't arrive in time: retry",
	}
	unavailable = answer{
		status: http.StatusTooManyRequests, code: "unavailable", after: 5 * time.Second,
		message: "the service can't store events at the moment: retry later",
	}
	heldUp = answer{
		status: http.StatusTooManyRequests, code: "held_up", after: time.Second,
		message: "the service was suspended for some seconds, and this request may be out of date: retry",
	}
	full = answer{
		status: http.StatusTooManyRequests, code: "full", after: 30 * time.Second,
		message: "the account's backlog is full: retry later",
	}
	accountRemoved = answer{
		status: http.StatusTooManyRequests, code: ReasonAccountRemoved, after: time.Minute, closes: true,
		message: "the account was removed from the service: stop sending to it, or add it again",
	}
)

// published is the answer to a request whose message was published with this error, or nil.
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
	body, contentType := []byte("OK\n"), "text/plain; charset=utf-8"
	if a.status != http.StatusOK {
		body, _ = json.Marshal(map[string]map[string]string{"error": {"code": a.code, "message": a.message}})
		body, contentType = append(body, '\n'), "application/json"
	}
	switch a.status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = credential.Challenges()
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
