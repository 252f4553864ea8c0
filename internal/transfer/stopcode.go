package transfer

import (
	"errors"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// stopCodes give the code of the reason why a run stopped, the first that is in it.
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

// StopCode is the code of the reason why a run stopped, such as unauthorized, or unknown.
func StopCode(reason error) string {
	for _, known := range stopCodes {
		if errors.Is(reason, known.reason) {
			return known.code
		}
	}
	return "unknown"
}
