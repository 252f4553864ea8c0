package client_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// filled is an account with n profiles on a list, each with an event, and n lists.
func filled(t *testing.T, n int, opts ...klaviyotest.Option) *klaviyotest.Klaviyo {
	t.Helper()
	k := klaviyotest.New(append(opts, klaviyotest.WithoutLimits(), klaviyotest.WithList("LIST", "Newsletter"))...)
	c := newClient(t, over(k))
	for i := range n {
		email := fmt.Sprintf("%04d@example.com", i)
		if i > 0 {
			k.AddList(fmt.Sprintf("L%d", i), "another")
		}
		for _, r := range []request{event(email, "1"), subscribe(email)} {
			if _, err := c.Send(t.Context(), r); err != nil {
				t.Fatal(err)
			}
		}
	}
	return k
}

// ids reads to the end, or to the first error.
func ids[T any](seq iter.Seq2[T, error], id func(T) string) (ids []string, err error) {
	for item, err := range seq {
		if err != nil {
			return ids, err
		}
		ids = append(ids, id(item))
	}
	return ids, nil
}

func profileID(p klaviyo.Profile) string { return p.ID }
func listID(l klaviyo.List) string       { return l.ID }
func eventID(e klaviyo.Event) string     { return e.ID }
func metricID(m klaviyo.Metric) string   { return m.ID }

func TestAll(t *testing.T) {
	const n = 401
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 14, 0, 0, 0, 0, time.UTC)))
		k := filled(t, n)
		api := klaviyo.NewAPI(newClient(t, over(k)))
		tests := []struct {
			op    *klaviyo.Operation
			read  func() ([]string, error)
			want  int
			pages int
		}{
			{klaviyo.OperationGetProfiles, func() ([]string, error) { return ids(api.AllProfiles(t.Context(), nil), profileID) }, n, 5},
			{klaviyo.OperationGetListProfiles, func() ([]string, error) { return ids(api.AllListProfiles(t.Context(), "LIST", nil), profileID) }, n, 5},
			{klaviyo.OperationGetListProfiles, func() ([]string, error) {
				return ids(api.AllListProfiles(t.Context(), "LIST", &klaviyo.GetListProfilesParams{PageSize: 50}), profileID)
			}, n, 9},
			{klaviyo.OperationGetLists, func() ([]string, error) { return ids(api.AllLists(t.Context(), nil), listID) }, n, 41},
			{klaviyo.OperationGetEvents, func() ([]string, error) { return ids(api.AllEvents(t.Context(), nil), eventID) }, n, 3},
			{klaviyo.OperationGetMetrics, func() ([]string, error) { return ids(api.AllMetrics(t.Context(), nil), metricID) }, 1, 1},
		}
		for _, tt := range tests {
			before := len(k.Requests())
			got, err := tt.read()
			if err != nil {
				t.Errorf("%s: %v", tt.op, err)
			}
			seen := make(map[string]bool)
			for _, id := range got {
				seen[id] = true
			}
			if len(got) != tt.want || len(seen) != tt.want {
				t.Errorf("%s: %d items, %d different, want %d", tt.op, len(got), len(seen), tt.want)
			}
			requests := k.Requests()[before:]
			if len(requests) != tt.pages {
				t.Errorf("%s: %d calls, want %d", tt.op, len(requests), tt.pages)
			}
			for _, r := range requests {
				if r.Operation != tt.op {
					t.Errorf("%s: called %s", tt.op, r.Operation)
				}
			}
		}
	})
}

// Each page keeps the other parameters, and the loop may end or begin again anywhere.
func TestAllKeepsParams(t *testing.T) {
	k := filled(t, 25)
	api := klaviyo.NewAPI(newClient(t, over(k)))
	params := &klaviyo.GetProfilesParams{PageSize: 10, Sort: klaviyo.ProfileSortMinusEmail}
	all := api.AllProfiles(t.Context(), params)
	params.PageSize = 1 // too late

	for range 2 {
		before := len(k.Requests())
		n := 0
		for p, err := range all {
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("%04d@example.com", 24-n); p.Attributes.Email != want {
				t.Fatalf("%s, want %s", p.Attributes.Email, want)
			}
			if n++; n == 15 {
				break
			}
		}
		if got := len(k.Requests()) - before; got != 2 {
			t.Errorf("%d calls for 15 of 25 items, want 2", got)
		}
	}

	// A page's cursor takes up reading where it was left.
	var cursor string
	for page, err := range api.ProfilePages(t.Context(), &klaviyo.GetProfilesParams{PageSize: 10}) {
		if err != nil {
			t.Fatal(err)
		}
		cursor = page.Links.NextCursor()
		break
	}
	rest, err := ids(api.AllProfiles(t.Context(), &klaviyo.GetProfilesParams{PageCursor: cursor}), profileID)
	if err != nil || len(rest) != 15 {
		t.Errorf("%d profiles after the first page, %v; want 15", len(rest), err)
	}
}

// The second page waits for its limit and is asked for again after a failure.
func TestAllKeepsLimitsAndRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := filled(t, 21)
		k.Inject(klaviyotest.Fault{Times: 1, Status: http.StatusBadGateway, When: func(r *http.Request) bool { return r.URL.Query().Has("page[cursor]") }})
		c := newClient(t, over(k))
		if got, err := ids(klaviyo.NewAPI(c).AllLists(t.Context(), nil), listID); err != nil || len(got) != 21 {
			t.Errorf("%d lists, %v", len(got), err)
		}
		if got := c.Stats(); got.Requests != 4 || got.Retries != 1 {
			t.Errorf("%+v, want 3 pages and a retry", got)
		}
	})
}

func TestAllStops(t *testing.T) {
	k := filled(t, 21)
	c := newClient(t, over(k), client.WithRetry(client.RetryPolicy{MaxAttempts: 1}))
	k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest, When: func(r *http.Request) bool { return r.URL.Query().Has("page[cursor]") }})
	got, err := ids(klaviyo.NewAPI(c).AllLists(t.Context(), nil), listID)
	if len(got) != 10 || !errors.Is(err, client.ErrInvalidRequest) {
		t.Errorf("%d lists, %v; want a page, then ErrInvalidRequest", len(got), err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	for _, err = range klaviyo.NewAPI(c).AllLists(ctx, nil) {
		if n++; n == 10 {
			cancel()
		}
	}
	if n != 11 || !errors.Is(err, context.Canceled) {
		t.Errorf("%d steps, %v; want a page, then the context's error", n, err)
	}
}

// A server whose cursors lead nowhere doesn't keep a reader for ever.
func TestAllDetectsLoops(t *testing.T) {
	const list = `{"type":"list","id":"%s","attributes":{},"links":{"self":""}}`
	tests := map[string]map[string]string{ // next by cursor
		"the same page": {"": "https://a.klaviyo.com/api/lists/?page%5Bcursor%5D=A", "A": "https://a.klaviyo.com/api/lists/?page%5Bcursor%5D=A"},
		"two pages":     {"": "/api/lists/?page[cursor]=A", "A": "/api/lists/?page[cursor]=B", "B": "/api/lists/?page[cursor]=A"},
		"no cursor":     {"": "https://a.klaviyo.com/api/lists/?page=2"},
		"no address":    {"": "://"},
	}
	for name, next := range tests {
		t.Run(name, func(t *testing.T) {
			transport := httpmock.NewMockTransport()
			transport.RegisterResponder(http.MethodGet, "https://a.klaviyo.com/api/lists/", func(req *http.Request) (*http.Response, error) {
				cursor := req.URL.Query().Get("page[cursor]")
				return httpmock.NewStringResponse(http.StatusOK,
					fmt.Sprintf(`{"data":[`+list+`],"links":{"self":"","next":"%s"}}`, cursor, next[cursor])), nil
			})
			c := newClient(t, client.WithHTTPClient(&http.Client{Transport: transport}))
			got, err := ids(klaviyo.NewAPI(c).AllLists(t.Context(), nil), listID)
			if !errors.Is(err, klaviyo.ErrPaging) || !strings.HasPrefix(err.Error(), "klaviyo: get_lists: ") {
				t.Errorf("err = %v, want ErrPaging", err)
			}
			if len(got) != len(next) {
				t.Errorf("read %q, want each page once", got)
			}
		})
	}
}

// The options of an iterator apply to each of its calls.
func TestAllWithResponseInfo(t *testing.T) {
	k := filled(t, 3)
	var info klaviyo.ResponseInfo
	for page, err := range klaviyo.NewAPI(newClient(t, over(k))).ListPages(t.Context(), &klaviyo.GetListsParams{}, klaviyo.WithResponseInfo(&info)) {
		if err != nil {
			t.Fatal(err)
		}
		if info.StatusCode != http.StatusOK || info.Attempts != 1 || len(page.Data) == 0 {
			t.Errorf("a page with %d lists came with %+v", len(page.Data), info)
		}
		info = klaviyo.ResponseInfo{}
	}
	for range klaviyo.NewAPI(newClient(t, over(k))).AllLists(t.Context(), nil, klaviyo.WithResponseInfo(&info)) {
	}
	if info.StatusCode != http.StatusOK {
		t.Errorf("AllLists stored %+v", info)
	}
}
