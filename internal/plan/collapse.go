package plan

import (
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// minSeen is how many events are remembered at least to find others that Klaviyo
// would take for the same.
const minSeen = 250_000

// collapse counts the events that Klaviyo takes for earlier ones, and those that it would
// without their unique ids.
type collapse struct {
	moments   *tally.Seen // of a metric and a person: seconds
	uniqueIDs *tally.Seen // of a metric and a person

	sameSecond SameSecond
	repeated   int // events whose unique id came before
}

// SameSecond counts events that have the metric, the person and the second of another, which
// their unique ids alone keep apart. Each has one, made of its bytes if need be.
type SameSecond struct {
	Events int `json:"events"`
}

func newCollapse() collapse {
	return collapse{moments: tally.NewSeen(minSeen), uniqueIDs: tally.NewSeen(minSeen)}
}

// add takes in an event of a person.
func (c *collapse) add(person string, event mapper.EventKey) {
	metric := event.Metric
	if c.uniqueIDs.Add(tally.KeyOf(metric, person, event.UniqueID)) {
		c.repeated++
		return
	}
	at, err := time.Parse(time.RFC3339, event.Time)
	if err != nil {
		return // Klaviyo takes the time it comes at
	}
	if c.moments.Add(tally.KeyOf(metric, person, strconv.FormatInt(at.Unix(), 10))) {
		c.sameSecond.Events++
	}
}
