package delivery

import (
	"encoding/json"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// How much becomes one request. The API takes 100,000 bytes of a profile; an
// update names its id as well.
const (
	maxCoalesced    = 100
	maxProfileBytes = 99_000
)

// coalesce adds to an identify's call the identifies that follow it in the
// person's line. None has begun: each waits for the one before.
//
// They have one result together if they have the same identifiers. If one had an
// identifier more, and that belonged to another profile, it would decide which
// profile all the fields go to. Only the last may have further requests, such as
// a subscription: what follows a profile sees no later one.
func (q *Queue) coalesce(c *call) {
	last := c.tasks[0]
	whole, ok := last.profile()
	if !ok || last.alone {
		return
	}
	for len(last.steps) == 1 && len(c.tasks) < maxCoalesced {
		next := last.next
		if next == nil || next.alone || next.waits > 1 || next.steps[0].operation != klaviyo.OperationCreateProfile {
			break
		}
		q.load(next)
		following, _ := next.profile()
		merged, ok := merge(whole, following)
		if !ok {
			q.putAway(next)
			break
		}
		whole, last = merged, next
		c.tasks = append(c.tasks, next)
	}
	if len(c.tasks) > 1 {
		c.request = combined{klaviyo.OperationCreateProfile, klaviyo.NewCreateProfileBody(whole)}
	}
}

// profile gives what the event's next request sets of a profile, if it does.
func (t *task) profile() (klaviyo.ProfileCreateAttributes, bool) {
	body, ok := t.requests[0].Body().(*klaviyo.ProfileCreateQuery)
	if !ok {
		return klaviyo.ProfileCreateAttributes{}, false
	}
	return body.Data.Attributes, true
}

// merge makes one request's attributes of those of two, if they have one result
// together.
func merge(earlier, later klaviyo.ProfileCreateAttributes) (klaviyo.ProfileCreateAttributes, bool) {
	if !sameIdentifiers(earlier, later) {
		return klaviyo.ProfileCreateAttributes{}, false
	}
	merged, err := mergeProfiles(earlier, later)
	return merged, err == nil && fits(merged)
}

func sameIdentifiers(a, b klaviyo.ProfileCreateAttributes) bool {
	return a.Email == b.Email && a.PhoneNumber == b.PhoneNumber && a.ExternalID == b.ExternalID
}

func fits(profile klaviyo.ProfileCreateAttributes) bool {
	body, err := json.Marshal(klaviyo.NewCreateProfileBody(profile))
	return err == nil && len(body) <= maxProfileBytes
}
