package delivery

import (
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// split gives the calls to make in place of one of several events that failed;
// none if each of the events would fail in the same way.
func (c *call) split(reason error) []*call {
	if len(c.tasks) == 1 {
		return nil
	}
	if c.operation == klaviyo.OperationCreateProfile {
		// The others wait for the first again.
		for _, t := range c.tasks {
			t.alone = true
		}
		return []*call{callOf(c.tasks[0])}
	}
	at := placeOf(reason)
	if at.shared {
		return nil
	}
	if i := c.taskAt(at); i >= 0 && !c.misled {
		named := callOf(c.tasks[i])
		named.rest = callOf(slices.Concat(c.tasks[:i], c.tasks[i+1:])...)
		return []*call{named}
	}
	half := len(c.tasks) / 2
	halves := []*call{callOf(c.tasks[:half]...), callOf(c.tasks[half:]...)}
	for _, h := range halves {
		h.misled = c.misled
	}
	return halves
}

// place is what an error names in the body of a batch.
type place struct {
	shared bool   // what all have in common
	list   string // or an attribute that is a list
	index  int    // and the element
}

// itemPointer matches the JSON Pointer of a list of a batch's items, or into it, such
// as /data/attributes/subscriptions/3/email.
var itemPointer = regexp.MustCompile(`^/data/attributes/(subscriptions|emails|phone_numbers)(?:/([^/]*).*)?$`)

// placeOf reads the JSON Pointer of an error. What isn't found without one is the
// list that all are to be on: a batch names nothing else that could be missing.
func placeOf(reason error) place {
	var e *client.Error
	if !errors.As(reason, &e) {
		return place{}
	}
	pointer := e.Pointer
	if len(e.Missing) > 0 {
		pointer = e.Missing[0]
	}
	if item := itemPointer.FindStringSubmatch(pointer); item != nil {
		if index, err := strconv.Atoi(item[2]); err == nil && index >= 0 {
			return place{list: item[1], index: index}
		}
		return place{}
	}
	switch strings.TrimSuffix(pointer, "/") {
	case "", "/data", "/data/attributes":
		return place{shared: errors.Is(reason, client.ErrNotFound)}
	}
	return place{shared: true}
}

// taskAt gives the index of the event that an element of the batch is of, or -1.
func (c *call) taskAt(at place) int {
	elements := 0
	for i, t := range c.tasks {
		switch body := t.requests[0].Body().(type) {
		case *klaviyo.SubscriptionCreateJobCreateQuery:
			if at.list == "subscriptions" {
				elements += len(body.Data.Attributes.Subscriptions)
			}
		case *klaviyo.UnsubscriptionCreateJobCreateQuery:
			switch at.list {
			case "emails":
				elements += len(body.Data.Attributes.Emails)
			case "phone_numbers":
				elements += len(body.Data.Attributes.PhoneNumbers)
			}
		}
		if at.index < elements {
			return i
		}
	}
	return -1
}
