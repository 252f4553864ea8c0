package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// TestAllOf20260715 reads two pages by each iterator: the second request has the cursor of
// the first response, and the parameters that the first request had.
func TestAllOf20260715(t *testing.T) {
	for _, tt := range []struct {
		path string
		name string // of the resource's parameter fields
		all  func(context.Context, *klaviyo.API) ([]string, error)
	}{
		{"/api/events", "event", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllEvents(ctx, &klaviyo.GetEventsParams{FieldsEvent: []klaviyo.EventField{klaviyo.EventFieldID}}), func(e klaviyo.Event) string { return e.ID })
		}},
		{"/api/lists", "list", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllLists(ctx, &klaviyo.GetListsParams{FieldsList: []klaviyo.ListField{klaviyo.ListFieldID}}), func(l klaviyo.List) string { return l.ID })
		}},
		{"/api/lists/L/profiles", "profile", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllProfilesForList(ctx, "L", &klaviyo.GetProfilesForListParams{FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldID}}), func(p klaviyo.Profile) string { return p.ID })
		}},
		{"/api/metrics", "metric", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllMetrics(ctx, &klaviyo.GetMetricsParams{FieldsMetric: []klaviyo.MetricField{klaviyo.MetricFieldID}}), func(m klaviyo.Metric) string { return m.ID })
		}},
		{"/api/profile-bulk-import-jobs", "profile-bulk-import-job", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllBulkImportProfilesJobs(ctx, &klaviyo.GetBulkImportProfilesJobsParams{FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldID}}), func(j klaviyo.ImportJob) string { return j.ID })
		}},
		{"/api/profile-bulk-import-jobs/J/import-errors", "import-error", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllErrorsForBulkImportProfilesJob(ctx, "J", &klaviyo.GetErrorsForBulkImportProfilesJobParams{FieldsImportError: []klaviyo.ImportErrorField{klaviyo.ImportErrorFieldID}}), func(e klaviyo.ImportError) string { return e.ID })
		}},
		{"/api/profiles", "profile", func(ctx context.Context, api *klaviyo.API) ([]string, error) {
			return ids(api.AllProfiles(ctx, &klaviyo.GetProfilesParams{FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldID}}), func(p klaviyo.Profile) string { return p.ID })
		}},
	} {
		t.Run(tt.path, func(t *testing.T) {
			var cursors []string
			endless := false
			c := answering(t, func(req *http.Request) (*http.Response, error) {
				query := req.URL.Query()
				if req.URL.Path != tt.path || query.Get("fields["+tt.name+"]") != "id" {
					t.Errorf("sent %s", req.URL)
				}
				cursors = append(cursors, query.Get("page[cursor]"))
				next := `"https://a.klaviyo.com` + tt.path + `?page%5Bcursor%5D=two"`
				if len(cursors)%2 == 0 && !endless {
					next = "null"
				}
				return jsonResponse(200, fmt.Sprintf(`{"data":[{"id":"A%d","attributes":{}}],"links":{"self":"","next":%s}}`, len(cursors), next), nil), nil
			})
			got, err := tt.all(t.Context(), klaviyo.NewAPI(c))
			if err != nil || !slices.Equal(got, []string{"A1", "A2"}) || !slices.Equal(cursors, []string{"", "two"}) {
				t.Errorf("read %q by the cursors %q, %v", got, cursors, err)
			}
			endless = true
			if got, err := tt.all(t.Context(), klaviyo.NewAPI(c)); !errors.Is(err, runtime.ErrPaging) || len(got) != 2 {
				t.Errorf("of pages that lead back: %q, %v; want ErrPaging", got, err)
			}
		})
	}
}
