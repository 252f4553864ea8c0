package transfer

import (
	"errors"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// stopCodes are the codes of reasons why a run stopped. The first match counts.
var stopCodes = []struct {
	reason error
	code   string
}{
	{ErrLetter, "dead_letter"},
	{ErrIncompleteLine, "incomplete_line"},
	{client.ErrUnauthorized, "unauthorized"},
	{client.ErrRevisionRetired, "revision_retired"},
	{client.ErrRateLimited, "rate_limited"},
	{client.ErrMisdirected, "misdirected"},
	{client.ErrUnavailable, "unavailable"},
}

// StopCode returns the code of the reason why a run stopped, such as unauthorized, or unknown.
func StopCode(reason error) string {
	for _, known := range stopCodes {
		if errors.Is(reason, known.reason) {
			return known.code
		}
	}
	return "unknown"
}
