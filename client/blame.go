package client

import (
	"errors"
	"strconv"
)

// Blame is whose fault it is that a request failed, and so what can help.
type Blame int

const (
	// BlameNobody is that of an error that is no failure of a request: nil, the end of
	// the caller's context, or ErrUnexpectedAnswer, for such a request was taken.
	BlameNobody Blame = iota
	// BlameRequest is the request's own: it can't pass as it is, but the next one may.
	BlameRequest
	// BlameAccount is that of the account, its key or the Client's settings: no request
	// can pass until that is mended.
	BlameAccount
	// BlamePath is that of what stands where the API should be, such as a proxy or
	// another server: waiting doesn't help, and no request is to be given up for it.
	BlamePath
	// BlamePassing is a failure that may pass by itself: the request may pass later.
	BlamePassing
)

var blameNames = [...]string{
	BlameNobody:  "nobody",
	BlameRequest: "request",
	BlameAccount: "account",
	BlamePath:    "path",
	BlamePassing: "passing",
}

// String is the word for it, such as request, for logs.
func (b Blame) String() string {
	if b < 0 || int(b) >= len(blameNames) {
		return "Blame(" + strconv.Itoa(int(b)) + ")"
	}
	return blameNames[b]
}

// kindBlames gives the blame for each kind of error.
var kindBlames = []struct {
	kind  error
	blame Blame
}{
	{ErrMissingIdentifier, BlameRequest},
	{ErrInvalidRequest, BlameRequest},
	{ErrNotFound, BlameRequest},
	{ErrConflict, BlameRequest},
	{ErrMissingCredentials, BlameAccount},
	{ErrUnauthorized, BlameAccount},
	{ErrRevisionRetired, BlameAccount},
	{ErrMisdirected, BlamePath},
	{ErrRateLimited, BlamePassing},
	{ErrUnavailable, BlamePassing},
}

// BlameOf says whose fault an error of a Client is.
func BlameOf(err error) Blame {
	for _, b := range kindBlames {
		if errors.Is(err, b.kind) {
			return b.blame
		}
	}
	return BlameNobody
}
