package plan

import (
	"strconv"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/tally"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// minSeen is the minimum number of remembered events for finding events that Klaviyo would
// treat as duplicates.
const minSeen = 250_000

// A deduplication counts events that Klaviyo treats as duplicates, and those that it would
// without their unique ids.
type deduplication struct {
	moments   *tally.Seen // of a metric, a person and a second
	uniqueIDs *tally.Seen // of a metric, a person and a unique id

	sameSecond SameSecond
	repeated   int // events with a unique id that occurred before
}

// SameSecond counts events that have the same metric, person and second as another one and
// differ only in their unique ids. Each event has one, derived from its content if necessary.
type SameSecond struct {
	Events int `json:"events"`
}

func newDeduplication() deduplication {
	return deduplication{moments: tally.NewSeen(minSeen), uniqueIDs: tally.NewSeen(minSeen)}
}

// add adds an event of a person.
func (c *deduplication) add(person string, event mapper.EventKey) {
	metric := event.Metric
	if c.uniqueIDs.Add(tally.KeyOf(metric, person, event.UniqueID)) {
		c.repeated++
		return
	}
	at, err := time.Parse(time.RFC3339, event.Time)
	if err != nil {
		return // Klaviyo uses the time of arrival
	}
	if c.moments.Add(tally.KeyOf(metric, person, strconv.FormatInt(at.Unix(), 10))) {
		c.sameSecond.Events++
	}
}
