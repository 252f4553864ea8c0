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

// collapse counts the events that Klaviyo would take for earlier ones, or would without
// their unique ids.
type collapse struct {
	moments   *tally.Seen // of a metric and a person: seconds
	uniqueIDs *tally.Seen // of a metric and a person

	sameSecond SameSecond
	repeated   int // events whose unique id came before
}

// SameSecond counts events that have the metric, the person and the second of another.
// Klaviyo takes those for the same that have no unique id.
type SameSecond struct {
	Events          int `json:"events"`
	WithoutUniqueID int `json:"without_unique_id"`
}

func newCollapse() collapse {
	return collapse{moments: tally.NewSeen(minSeen), uniqueIDs: tally.NewSeen(minSeen)}
}

// add takes in an event of a person.
func (c *collapse) add(person string, event mapper.EventKey) {
	metric := event.Metric
	if event.UniqueID != "" && c.uniqueIDs.Add(tally.KeyOf(metric, person, event.UniqueID)) {
		c.repeated++
		return
	}
	at, err := time.Parse(time.RFC3339, event.Time)
	if err != nil {
		return // Klaviyo takes the time it comes at
	}
	if c.moments.Add(tally.KeyOf(metric, person, strconv.FormatInt(at.Unix(), 10))) {
		c.sameSecond.Events++
		if event.UniqueID == "" {
			c.sameSecond.WithoutUniqueID++
		}
	}
}
