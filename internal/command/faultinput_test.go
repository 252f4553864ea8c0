package command

import (
	"fmt"
	"strings"
)

// The input of the fault tests: an identify; a page, which is skipped; subscriptions of a list,
// which make one batch; more identifies, which make an import; and tracks of many people, two of
// most.
const (
	identifyLine      = 1
	skippedLine       = 2
	trackLine         = 7 // the track that meets faults
	otherTrackLine    = 30
	laterTrackLine    = trackLine + people
	firstSubscription = 11
	subscriptionLine  = 15 // the subscription that meets faults
	lastSubscription  = 20
	firstImported     = 21
	importedLine      = 24 // the imported identify that meets faults
	lastImported      = 28
	lastLine          = 100
	people            = 49 // the people of the tracks; the identify is of another one
)

func isSubscription(line int) bool { return line >= firstSubscription && line <= lastSubscription }

func isImported(line int) bool { return line >= firstImported && line <= lastImported }

// identifiedPerson is the email of the identify. No other event has it.
const identifiedPerson = "p49@example.com"

// numberOnTrackLine is a phone number that Klaviyo rejects in some tests.
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

// idOnLine returns the id of the event on a line. No other event has it.
func idOnLine(line int) string {
	switch {
	case isSubscription(line):
		return fmt.Sprintf("s%03d@example.com", line)
	case isImported(line):
		return fmt.Sprintf("i%03d@example.com", line)
	}
	return fmt.Sprintf("m%03d", line)
}
