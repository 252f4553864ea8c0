package delivery

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// split gives the calls to make in place of one of several events that failed;
// none if each of the events would fail in the same way.
func (c *call) split(reason error) []*call {
	if len(c.tasks) == 1 {
		return nil
	}
	if _, ok := c.request.(mapper.CreateProfile); ok {
		// The others wait for the first again.
		for _, t := range c.tasks {
			t.alone = true
		}
		return []*call{only(c.tasks[0])}
	}
	at := placeOf(reason)
	if at.shared {
		return nil
	}
	if i := c.taskAt(at); i >= 0 {
		rest := slices.Concat(c.tasks[:i], c.tasks[i+1:])
		return []*call{only(c.tasks[i]), together(rest)}
	}
	half := len(c.tasks) / 2
	return []*call{together(c.tasks[:half]), together(c.tasks[half:])}
}

// place is what an error names in the body of a batch.
type place struct {
	shared bool   // what all have in common
	list   string // or an attribute that is a list
	index  int    // and the element
}

// placeOf reads the JSON Pointer of an error, such as
// /data/attributes/subscriptions/3/email.
func placeOf(reason error) place {
	const attributes = "/data/attributes/"
	var e *client.Error
	if !errors.As(reason, &e) {
		return place{}
	}
	pointer := e.Pointer
	if len(e.Missing) > 0 {
		pointer = e.Missing[0]
	}
	inside, ok := strings.CutPrefix(pointer, attributes)
	if !ok {
		return place{}
	}
	if inside == "list_id" || inside == "custom_source" {
		return place{shared: true}
	}
	tokens := strings.Split(inside, "/")
	if len(tokens) < 2 {
		return place{}
	}
	index, err := strconv.Atoi(tokens[1])
	if err != nil || index < 0 {
		return place{}
	}
	return place{list: tokens[0], index: index}
}

// taskAt gives the index of the event that an element of the batch is of, or -1.
func (c *call) taskAt(at place) int {
	elements := 0
	for i, t := range c.tasks {
		switch r := t.todo[0].(type) {
		case mapper.SubscribeProfiles:
			if at.list == "subscriptions" {
				elements += len(r.Query.Data.Attributes.Subscriptions)
			}
		case mapper.UnsubscribeProfiles:
			switch at.list {
			case "emails":
				elements += len(r.Query.Data.Attributes.Emails)
			case "phone_numbers":
				elements += len(r.Query.Data.Attributes.PhoneNumbers)
			}
		}
		if at.index < elements {
			return i
		}
	}
	return -1
}
