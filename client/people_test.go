package client

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	served "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// servedPeople are the operations of 2026-07-15 that name people: a body with %s in the
// place of a person's object, where that object is, and what may name the person.
var servedPeople = []struct {
	op      *runtime.Operation
	body    string
	at      string
	byID    bool // the Klaviyo id suffices
	byPhone bool
	byExtID bool // with WithExternalIDOnly
	inList  bool // and is pointed at as a whole
}{
	{served.OperationCreateEvent, `{"data":{"attributes":{"profile":{"data":%s}}}}`, "/data/attributes/profile/data", true, true, true, false},
	{served.OperationCreateClientEvent, `{"data":{"attributes":{"profile":{"data":%s}}}}`, "/data/attributes/profile/data", true, true, true, false},
	{served.OperationBulkCreateEvents, `{"data":{"attributes":{"events-bulk-create":{"data":[{"attributes":{"profile":{"data":%s}}}]}}}}`,
		"/data/attributes/events-bulk-create/data/0/attributes/profile/data", true, true, true, true},
	{served.OperationCreateProfile, `{"data":%s}`, "/data", true, true, true, false},
	{served.OperationCreateClientProfile, `{"data":%s}`, "/data", true, true, true, false},
	{served.OperationCreateOrUpdateProfile, `{"data":%s}`, "/data", true, true, true, false},
	{served.OperationBulkImportProfiles, `{"data":{"attributes":{"profiles":{"data":[%s]}}}}`, "/data/attributes/profiles/data/0", true, true, true, true},
	{served.OperationBulkSubscribeProfiles, `{"data":{"attributes":{"profiles":{"data":[%s]}}}}`, "/data/attributes/profiles/data/0", true, true, false, true},
	{served.OperationBulkUnsubscribeProfiles, `{"data":{"attributes":{"profiles":{"data":[%s]}}}}`, "/data/attributes/profiles/data/0", true, true, false, true},
	{served.OperationBulkSuppressProfiles, `{"data":{"attributes":{"profiles":{"data":[%s]}}}}`, "/data/attributes/profiles/data/0", false, false, false, true},
	{served.OperationBulkUnsuppressProfiles, `{"data":{"attributes":{"profiles":{"data":[%s]}}}}`, "/data/attributes/profiles/data/0", false, false, false, true},
	{served.OperationCreateClientSubscription, `{"data":{"attributes":{"profile":{"data":%s}}}}`, "/data/attributes/profile/data", true, true, false, false},
	{served.OperationRequestProfileDeletion, `{"data":{"attributes":{"profile":{"data":%s}}}}`, "/data/attributes/profile/data", true, true, false, false},
}

func TestPeopleIn20260715(t *testing.T) {
	tried := make(map[*runtime.Operation]bool)
	for _, tt := range servedPeople {
		tried[tt.op] = true
		for _, by := range []struct {
			person         string
			always, extIDs bool
		}{
			{`{"attributes":{"email":"ada@example.com"}}`, true, true},
			{`{"attributes":{"email":" "}}`, false, false},
			{`{"attributes":{"phone_number":"+12025550147"}}`, tt.byPhone, tt.byPhone},
			{`{"id":"01H"}`, tt.byID, tt.byID},
			{`{"attributes":{"external_id":"7"}}`, false, tt.byExtID},
			{`{"attributes":{"properties":{"email":"ada@example.com"}}}`, false, false},
			{`{}`, false, false},
		} {
			t.Run(fmt.Sprintf("%s/%s", tt.op, by.person), func(t *testing.T) {
				people, err := peopleIn(tt.op, fmt.Appendf(nil, tt.body, by.person))
				if err != nil || len(people) != 1 {
					t.Fatalf("%+v, %v; want one person", people, err)
				}
				if got, byExtID := people[0].hasIdentifier(false), people[0].hasIdentifier(true); got != by.always || byExtID != by.extIDs {
					t.Errorf("identified %v, by external id %v; want %v, %v", got, byExtID, by.always, by.extIDs)
				}
				want := []string{tt.at}
				if !tt.inList {
					want = []string{tt.at + "/attributes/email", tt.at + "/attributes/phone_number", tt.at + "/id"}
				}
				if !slices.Equal(people[0].pointers, want) {
					t.Errorf("points at %q, want %q", people[0].pointers, want)
				}
			})
		}
	}
	for op := range served.Operations.All() {
		if len(op.People) > 0 && !tried[op] {
			t.Errorf("no case for %s", op)
		}
	}
}

// A list or a segment may stand in the place of people, but only where the operation says so.
func TestInstead(t *testing.T) {
	const body = `{"data":{"attributes":{"profiles":{"data":[]}},"relationships":{"list":{"data":{"type":"list","id":"L"}}}}}`
	for op, named := range map[*runtime.Operation]bool{
		served.OperationBulkSuppressProfiles:   true,
		served.OperationBulkUnsuppressProfiles: true,
		served.OperationBulkSubscribeProfiles:  false,
		served.OperationBulkImportProfiles:     false,
	} {
		for _, body := range []string{body, strings.Replace(body, `"profiles":{"data":[]}`, "", 1)} {
			people, err := peopleIn(op, []byte(body))
			if err != nil || (len(people) == 0) != named {
				t.Errorf("%s: %+v, %v; want people named: %v", op, people, err, named)
			}
			if !named && (len(people) != 1 || people[0].hasIdentifier(true) || !slices.Equal(people[0].pointers, []string{"/data/attributes/profiles/data"})) {
				t.Errorf("%s: %+v; want the list pointed at", op, people)
			}
		}
	}
}

// Of several people each that nothing names is pointed at.
func TestPeopleOfEntries(t *testing.T) {
	var entries []string
	for _, email := range []string{"a@example.com", "", "c@example.com", ""} {
		entries = append(entries, fmt.Sprintf(`{"attributes":{"profile":{"data":{"attributes":{"email":%q}}},"events":{"data":[{}]}}}`, email))
	}
	people, err := peopleIn(served.OperationBulkCreateEvents, []byte(`{"data":{"attributes":{"events-bulk-create":{"data":[`+strings.Join(entries, ",")+`]}}}}`))
	if err != nil || len(people) != len(entries) {
		t.Fatalf("%+v, %v", people, err)
	}
	for i, p := range people {
		want := fmt.Sprintf("/data/attributes/events-bulk-create/data/%d/attributes/profile/data", i)
		if p.hasIdentifier(false) != (i%2 == 0) || p.pointers[0] != want {
			t.Errorf("entry %d: %+v, want a pointer to %s", i, p, want)
		}
	}
}
