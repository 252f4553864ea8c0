package delivery

import (
	"encoding/json"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
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
func (c *call) coalesce() {
	last := c.tasks[0]
	whole, ok := last.profile()
	if !ok || last.alone {
		return
	}
	for len(last.todo) == 1 && len(c.tasks) < maxCoalesced {
		next := last.next
		if next == nil || next.alone || next.waits > 1 {
			break
		}
		following, ok := next.profile()
		if !ok || !sameIdentifiers(whole, following) {
			break
		}
		merged, err := mergeProfiles(whole, following)
		if err != nil || !fits(merged) {
			break
		}
		whole, last = merged, next
		c.tasks = append(c.tasks, next)
	}
	if len(c.tasks) > 1 {
		c.request = mapper.CreateProfile{Query: klaviyo.NewCreateProfileBody(whole)}
	}
}

// profile gives what the event's next request sets of a profile, if it does.
func (t *task) profile() (klaviyo.ProfileCreateAttributes, bool) {
	if len(t.todo) == 0 {
		return klaviyo.ProfileCreateAttributes{}, false
	}
	request, ok := t.todo[0].(mapper.CreateProfile)
	return request.Query.Data.Attributes, ok
}

func sameIdentifiers(a, b klaviyo.ProfileCreateAttributes) bool {
	return a.Email == b.Email && a.PhoneNumber == b.PhoneNumber && a.ExternalID == b.ExternalID
}

func fits(profile klaviyo.ProfileCreateAttributes) bool {
	body, err := json.Marshal(klaviyo.NewCreateProfileBody(profile))
	return err == nil && len(body) <= maxProfileBytes
}
