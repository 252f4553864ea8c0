package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// revisionRetired is the response of an account that doesn't serve the request's revision.
func revisionRetired(req *http.Request) *http.Response {
	resp, err := klaviyotest.New(klaviyotest.WithRetiredRevision(req.Header.Get("revision"))).Transport().RoundTrip(req)
	if err != nil {
		panic(err) // it is in memory
	}
	return resp
}

// hugeSuccess is a successful response that is larger than the client reads.
func hugeSuccess(req *http.Request) *http.Response {
	return answers(http.StatusAccepted, strings.Repeat(" ", 11<<20))(req)
}

// saysNothingIsLeft sets headers of a quota that is used up for a day.
func saysNothingIsLeft(resp *http.Response) {
	resp.Header.Set("RateLimit-Remaining", "0")
	resp.Header.Set("RateLimit-Reset", "86400")
}

// refuses returns a 400 with a code and the source of the error.
func refuses(code, source string) func(*http.Request) *http.Response {
	return answers(http.StatusBadRequest, fmt.Sprintf(`{"errors":[{"id":"1","code":%q,"title":"Invalid input.","detail":"…","source":{%s}}]}`, code, source))
}

// refusesTracks refuses those of some tracks that are in the request, in one answer.
func refusesTracks(tracks strikes) func(*http.Request) *http.Response {
	return func(req *http.Request) *http.Response {
		return refusesEvents(req, "/data/attributes/time", "attributes/events/data/0/attributes/time", func(id string) bool {
			return slices.ContainsFunc(tracks.lines(), func(line int) bool { return id == idOnLine(line) })
		})
	}
}

// refusesNumber rejects the phone number of a track.
func refusesNumber(req *http.Request) *http.Response {
	return refusesEvents(req, wayOf(req).number, "attributes/profile/data/attributes/phone_number", func(id string) bool { return id == idOnLine(trackLine) })
}

// refusesEvents rejects some of a request's events, with the pointer of a single call, or into
// the event's entry of a bulk call.
func refusesEvents(req *http.Request, single, inEntry string, refused func(id string) bool) *http.Response {
	body := bodyOf(req)
	var faults []string
	for i, id := range uniqueID.FindAllSubmatch(body, -1) {
		if !refused(string(id[1])) {
			continue
		}
		pointer := single
		if isBulk(body) {
			pointer = fmt.Sprintf("/data/attributes/events-bulk-create/data/%d/%s", i, inEntry)
		}
		faults = append(faults, fmt.Sprintf(`{"id":"%d","code":"invalid","title":"Invalid input.","detail":"…","source":{"pointer":%q}}`, i, pointer))
	}
	return answers(http.StatusBadRequest, `{"errors":[`+strings.Join(faults, ",")+`]}`)(req)
}

// refusesSubscription rejects a batch because of one subscription in it.
func refusesSubscription(req *http.Request) *http.Response {
	before, _, _ := bytes.Cut(bodyOf(req), []byte(idOnLine(subscriptionLine)))
	at := bytes.Count(before, []byte(`"email":"`)) - 1
	return refuses("invalid", fmt.Sprintf(`"pointer":%q`, fmt.Sprintf(wayOf(req).subscription, at)+"/email"))(req)
}

// failsImported selects the identify that an import fails for.
func failsImported(profile json.RawMessage) bool {
	return bytes.Contains(profile, []byte(idOnLine(importedLine)))
}

// refusesImported rejects that identify, alone or in an import.
func refusesImported(req *http.Request) *http.Response {
	body := bodyOf(req)
	at := "/data/attributes"
	if isImport(body) {
		before, _, _ := bytes.Cut(body, []byte(idOnLine(importedLine)))
		at = fmt.Sprintf("/data/attributes/profiles/data/%d/attributes", bytes.Count(before, []byte(`"email":"`))-1)
	}
	return refuses("invalid", fmt.Sprintf(`"pointer":%q`, at+"/email"))(req)
}

// answers returns a function that responds with a status, a body and a header.
func answers(status int, body string, header ...string) func(*http.Request) *http.Response {
	return func(*http.Request) *http.Response {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		if len(header) == 2 {
			resp.Header.Set(header[0], header[1])
		}
		return resp
	}
}
