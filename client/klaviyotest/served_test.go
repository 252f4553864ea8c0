package klaviyotest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// TestEveryNestedOperationSucceeds with a response of the description's.
func TestEveryNestedOperationSucceeds(t *testing.T) {
	nested := revisionOf("2026-07-15")
	for name, describe := range descriptions(t) {
		t.Run(name, func(t *testing.T) {
			k := newKlaviyo(describe, []Option{WithList("L", "list"), WithCompanyID("C"), WithJobs(func(Job) JobPlan {
				return JobPlan{Fail: func(json.RawMessage) bool { return true }}
			})})
			ada, bo := createProfile(t, k, adasEmail), createProfile(t, k, adasNumber)
			mustSend(t, k, "POST", "/api/events", nestedEventWith(adasEmail, ""))
			mustSend(t, k, "POST", importsPath, importOf(adasEmail))
			mustSend(t, k, "POST", "/api/profile-suppression-bulk-create-jobs", jobWith(kindSuppress, "", "", adasEmail))
			mustSend(t, k, "POST", "/api/profile-suppression-bulk-delete-jobs", jobWith(kindUnsuppress, "", "", adasEmail))
			event, jobs := k.Events()[0], k.Jobs()
			members := `{"data":[{"type":"profile","id":"` + ada + `"}]}`

			var called []*runtime.Operation
			for _, call := range []struct{ method, path, body string }{
				{"GET", "/api/accounts", ""},
				{"POST", "/api/event-bulk-create-jobs", bulkOf(entryOf(adasEmail, nestedEvent("")))},
				{"GET", "/api/events?include=metric,profile,attributions", ""},
				{"POST", "/api/events", nestedEventWith(adasEmail, `,"unique_id":"2"`)},
				{"GET", "/api/events/" + event.ID, ""},
				{"GET", "/api/lists?sort=name", ""},
				{"POST", "/api/lists", `{"data":{"type":"list","attributes":{"name":"N","opt_in_process":"double_opt_in"}}}`},
				{"GET", "/api/lists/L?additional-fields[list]=profile_count", ""},
				{"POST", "/api/lists/L/relationships/profiles", members},
				{"GET", "/api/lists/L/profiles?sort=-joined_group_at", ""},
				{"GET", "/api/profiles/" + ada + "/lists", ""},
				{"DELETE", "/api/lists/L/relationships/profiles", members},
				{"GET", "/api/metrics", ""},
				{"GET", "/api/metrics/" + event.MetricID, ""},
				{"GET", "/api/profile-bulk-import-jobs?sort=-created_at", ""},
				{"POST", "/api/profile-bulk-import-jobs", importOf(adasEmail)},
				{"GET", "/api/profile-bulk-import-jobs/" + jobs[0].ID + "?include=lists", ""},
				{"GET", "/api/profile-bulk-import-jobs/" + jobs[0].ID + "/import-errors", ""},
				{"POST", "/api/profile-import?additional-fields[profile]=subscriptions", profileWith(adasEmail)},
				{"POST", "/api/profile-subscription-bulk-create-jobs", jobWith(subscribeKind, "", toListL, subscribed(adasEmail, toEmail))},
				{"POST", "/api/profile-subscription-bulk-delete-jobs", jobWith(unsubscribeKind, "", toListL, subscribed(adasEmail, fromEmail))},
				{"POST", "/api/profile-suppression-bulk-create-jobs", jobWith(kindSuppress, "", "", adasEmail)},
				{"GET", "/api/profile-suppression-bulk-create-jobs/" + jobs[1].ID, ""},
				{"POST", "/api/profile-suppression-bulk-delete-jobs", jobWith(kindUnsuppress, "", "", adasEmail)},
				{"GET", "/api/profile-suppression-bulk-delete-jobs/" + jobs[2].ID, ""},
				{"GET", "/api/profiles?additional-fields[profile]=subscriptions", ""},
				{"POST", "/api/profiles", profileWith(`"email":"cy@example.com"`)},
				{"GET", "/api/profiles/" + ada + "?include=lists,segments,push-tokens&additional-fields[profile]=subscriptions", ""},
				{"PATCH", "/api/profiles/" + ada, `{"data":{"type":"profile","id":"` + ada + `","attributes":{"title":"Dr"}}}`},
				{"POST", "/api/profile-merge", `{"data":{"type":"profile-merge","id":"` + ada + `","relationships":{"profiles":{"data":[{"type":"profile","id":"` + bo + `"}]}}}}`},
				{"POST", "/client/events?company_id=C", nestedEventWith(adasEmail, "")},
				{"POST", "/client/profiles?company_id=C", profileWith(adasEmail)},
				{"POST", "/client/subscriptions?company_id=C", `{"data":{"type":"subscription","attributes":{"profile":{"data":` + people(subscribed(adasEmail, toEmail)) + `}}` + toListL + `}}`},
				{"POST", "/api/data-privacy-deletion-jobs", `{"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":` + people(adasEmail) + `}}}}`},
			} {
				r := mustSend(t, k, call.method, call.path, call.body, ofRevision(nested.name()))
				path, _, _ := strings.Cut(call.path, "?")
				op := nested.match(call.method, path)
				called = append(called, op)
				if !slices.Contains(op.Success.Statuses, r.status) {
					t.Errorf("%s: status %d, want one of %v", op, r.status, op.Success.Statuses)
				}
				if got := r.header.Get("Content-Type"); r.body != "" && got != op.MediaType {
					t.Errorf("%s: Content-Type %q", op, got)
				}
			}
			for op := range nested.operations.All() {
				if !slices.Contains(called, op) {
					t.Errorf("%s wasn't called", op)
				}
			}
		})
	}
}
