package service

import (
	"errors"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// Pause is why an account delivers nothing at the moment. It goes on taking events.
type Pause struct {
	// Reason is a code such as unauthorized.
	Reason string
	// Message is what was met, and Advice what to do.
	Message, Advice string
	Since           time.Time
	// Next is when it is tried again.
	Next time.Time
}

// pausing says how long an account pauses after its delivery stopped, and what helps.
type pausing struct {
	wait   time.Duration
	advice string
	// isOfService says that another service of the cluster may deliver the account: it has
	// files and a network of its own.
	isOfService bool
}

// Where somebody has to mend something it is tried each minute, and at once after a reload or
// when dead letters are replayed or deleted.
const untilMended = time.Minute

// outageCode is the code of [client.ErrUnavailable].
const outageCode = "unavailable"

// pausings are by the codes of [codeOf].
var pausings = map[string]pausing{
	"unauthorized": {untilMended, "Klaviyo refuses the private API key. Put a valid one with the scopes events:write, lists:read, lists:write, profiles:read, profiles:write and " +
		"subscriptions:write into the account's key file, and reload. If systemd runs the service, restart it instead", true},
	"revision_retired": {untilMended, "Klaviyo no longer serves the revision. Set a later one in the account's destination, and reload", true},
	"misdirected":      {untilMended, "Something other than Klaviyo responds. Check the proxy and the network between this machine and Klaviyo, and --base-url", true},
	"rate_limited":     {untilMended, "Another program uses up the account's rate limits. Stop it, or leave it a part of the limits with quotaShare in the accounts file", false},
	"unavailable":      {5 * time.Second, "Nothing to do: delivery resumes when Klaviyo responds", false},
	"dead_letter":      {untilMended, "The dead letters have reached maxLetters. Fix their cause and replay them, delete them, or raise maxLetters in the accounts file and reload", false},
	"store":            {time.Second, "Nothing to do if it passes within seconds. Otherwise check the log of the service and, in a cluster, those of the NATS servers", false},
	"unknown":          {untilMended, "Check the log of the service", false},
}

// codeOf is the code of the reason that delivery stopped for: store where events can't be
// read or a place or a dead letter can't be kept for now, else that of [transfer.StopCode].
func codeOf(reason error) string {
	if errors.Is(reason, stream.ErrUnavailable) {
		return "store"
	}
	return transfer.StopCode(reason)
}

// newPause is a pause for the reason that delivery stopped. The messages of the client and
// the transfer have no personal data and no key.
func newPause(reason error, since, now time.Time) *Pause {
	code := codeOf(reason)
	p, known := pausings[code]
	if !known { // as of an incomplete line, which a stream hasn't got
		p = pausings["unknown"]
	}
	return &Pause{Reason: code, Message: reason.Error(), Advice: p.advice, Since: since, Next: now.Add(p.wait)}
}
