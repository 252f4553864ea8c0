package klaviyotest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func TestRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := New()
		k.Inject(Fault{Operation: klaviyo.OperationGetLists, Reset: true}, Fault{Operation: klaviyo.OperationGetMetrics, Status: 503})
		start := time.Now()
		id := createProfile(t, k, `"external_id":"1"`)
		time.Sleep(time.Second)
		_, _ = k.Transport().RoundTrip(newRequest(t, "GET", "/api/lists/", ""))
		send(t, k, "GET", "/api/metrics/?filter=x", "")
		send(t, k, "GET", "/api/profiles/"+id+"/", "")
		send(t, k, "GET", "/nowhere", "")

		got := k.Requests()
		for i, want := range []struct {
			operation *klaviyo.Operation
			method    string
			path      string
			status    int
		}{
			{klaviyo.OperationCreateProfile, "POST", "/api/profiles/", 201},
			{klaviyo.OperationGetLists, "GET", "/api/lists/", 0},
			{klaviyo.OperationGetMetrics, "GET", "/api/metrics/", 503},
			{klaviyo.OperationGetProfile, "GET", "/api/profiles/" + id + "/", 200},
			{nil, "GET", "/nowhere", 404},
		} {
			r := got[i]
			if r.Operation != want.operation || r.Method != want.method || r.Path != want.path || r.Status != want.status {
				t.Errorf("request %d: %+v", i, r)
			}
			if r.Header.Get("Authorization") != "" || r.Header.Get("Revision") != "2023-02-22" {
				t.Errorf("request %d: header %v", i, r.Header)
			}
		}
		if string(got[0].Body) != profileWith(`"external_id":"1"`) || !got[0].Time.Equal(start) || !got[1].Time.Equal(start.Add(time.Second)) {
			t.Errorf("requests %+v", got[:2])
		}
		if got[2].Query.Get("filter") != "x" {
			t.Errorf("query %v", got[2].Query)
		}

		got[0].Body[0], got[0].Header["Revision"][0], got[2].Query["filter"][0] = 'x', "x", "y"
		again := k.Requests()
		if again[0].Body[0] == 'x' || again[0].Header.Get("Revision") == "x" || again[2].Query.Get("filter") == "y" {
			t.Error("the requests are no copies")
		}
	})
}

func TestWithoutRequestLog(t *testing.T) {
	k := New(WithoutRequestLog())
	createProfile(t, k, `"external_id":"1"`)
	if n := len(k.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
}
