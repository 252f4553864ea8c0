package command

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// strikes selects the requests that meet a fault.
type strikes int

const (
	oneTrack    strikes = iota // requests with one particular event
	threeTracks                // requests with that event or two others, one of them of the same person
	oneNumber                  // requests with a particular phone number
	oneIdentify
	oneSubscription
	oneImported // alone or with others
	oneImportedAlone
	everyImport
	everyLook   // at an import
	everyErrors // of an import
	everyTrack
	everyBulk // with many events
	everything
	nothing // the fault isn't in a request
)

// lines returns the lines of the events whose requests meet the fault.
func (s strikes) lines() []int {
	return map[strikes][]int{oneTrack: {trackLine}, threeTracks: {trackLine, otherTrackLine, laterTrackLine}, oneIdentify: {identifyLine}, oneImported: {importedLine}, oneImportedAlone: {importedLine}, oneSubscription: {subscriptionLine}}[s]
}

// meets reports whether the request with a body meets the fault.
func (s strikes) meets(req *http.Request, body []byte) bool {
	_, ofImport := strings.CutPrefix(req.URL.Path, "/api/profile-bulk-import-jobs/")
	switch s {
	case everyImport:
		return isImport(body)
	case oneImportedAlone:
		return !isImport(body) && oneImported.meets(req, body)
	case everyLook:
		return ofImport && !strings.Contains(req.URL.Path, "/import-errors")
	case everyErrors:
		return ofImport && strings.Contains(req.URL.Path, "/import-errors")
	case everything:
		return true
	case nothing:
		return false
	case everyTrack:
		return uniqueID.Match(body)
	case everyBulk:
		return isBulk(body)
	case oneNumber:
		return bytes.Contains(body, []byte(`phone_number":"`+numberOnTrackLine))
	case oneIdentify:
		return bytes.Contains(body, []byte(identifiedPerson))
	}
	return slices.ContainsFunc(s.lines(), func(line int) bool { return bytes.Contains(body, []byte(idOnLine(line))) })
}

// isImport reports whether a request's body is that of an import.
func isImport(body []byte) bool { return bytes.Contains(body, []byte(`"profile-bulk-import-job"`)) }
