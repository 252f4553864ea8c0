package command

import (
	"fmt"
	"strings"
)

// The input of a delivery: an identify, a page, which is skipped, subscriptions of a
// list, which make one batch, further identifies, which make an import, and tracks of many
// people, two of most.
const (
	identifyLine      = 1
	skippedLine       = 2
	trackLine         = 7 // that of the track with a fault of its own
	otherTrackLine    = 30
	laterTrackLine    = trackLine + people
	firstSubscription = 11
	subscriptionLine  = 15 // that of the subscription with a fault of its own
	lastSubscription  = 20
	firstImported     = 21
	importedLine      = 24 // that of the identify with a fault of its own
	lastImported      = 28
	lastLine          = 100
	people            = 49 // whom the tracks are of, and the identify is of one more
)

func isSubscription(line int) bool { return line >= firstSubscription && line <= lastSubscription }

func isImported(line int) bool { return line >= firstImported && line <= lastImported }

// identifiedPerson is in the request of the identify, and in no other.
const identifiedPerson = "p49@example.com"

// numberOnTrackLine is a phone number that Klaviyo may not like.
const numberOnTrackLine = "+12025550147"

func eventOnLine(line int) string {
	switch {
	case line == identifyLine:
		return identify(people)
	case line == skippedLine:
		return `{"type":"page"}`
	case line == trackLine:
		return strings.Replace(track(line, idOnLine(line)), `{"email"`, `{"phone":"`+numberOnTrackLine+`","email"`, 1)
	case isImported(line):
		return fmt.Sprintf(`{"type":"identify","traits":{"email":%q}}`, idOnLine(line))
	case isSubscription(line):
		return fmt.Sprintf(`{"type":"group","groupId":"L","traits":{"email":%q,"properties":{"subscribe":true}}}`, idOnLine(line))
	}
	return track(line%people, idOnLine(line))
}

// idOnLine is in the request of the event on a line, and in no other.
func idOnLine(line int) string {
	switch {
	case isSubscription(line):
		return fmt.Sprintf("s%03d@example.com", line)
	case isImported(line):
		return fmt.Sprintf("i%03d@example.com", line)
	}
	return fmt.Sprintf("m%03d", line)
}
