package client

import (
	"errors"
	"strconv"
)

// Blame classifies errors by where the fault is, and so by what can fix it.
type Blame int

const (
	// BlameNobody means that no request failed: nil, the error of the caller's context, or
	// ErrUnexpectedResponse, whose request was accepted.
	BlameNobody Blame = iota
	// BlameRequest means that the request can't succeed as it is. Others may.
	BlameRequest
	// BlameAccount means that the account, its key, the Client's settings or a retired revision
	// are at fault. No request can succeed until that is fixed.
	BlameAccount
	// BlamePath means that something else responds in place of the API, such as a proxy or
	// another server. Waiting doesn't help, and the requests aren't at fault.
	BlamePath
	// BlameTemporary means that the failure is temporary. The request may succeed later.
	BlameTemporary
)

var blameNames = [...]string{
	BlameNobody:    "nobody",
	BlameRequest:   "request",
	BlameAccount:   "account",
	BlamePath:      "path",
	BlameTemporary: "temporary",
}

// String returns a name for logs, such as request.
func (b Blame) String() string {
	if b < 0 || int(b) >= len(blameNames) {
		return "Blame(" + strconv.Itoa(int(b)) + ")"
	}
	return blameNames[b]
}

// kindBlames maps each kind of error to its Blame.
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
	{ErrRateLimited, BlameTemporary},
	{ErrUnavailable, BlameTemporary},
}

// BlameOf returns the Blame of an error of a Client.
func BlameOf(err error) Blame {
	for _, b := range kindBlames {
		if errors.Is(err, b.kind) {
			return b.blame
		}
	}
	return BlameNobody
}
