package klaviyotest

import (
	"net/http"
	"strings"
	"testing"
)

// BenchmarkBulkCreateEvents takes 1,000 events of about 1 KB a call.
func BenchmarkBulkCreateEvents(b *testing.B) {
	k := New(WithoutLimits(), WithoutRequestLog())
	body := bulkOf(entryOf(adasEmail, times(1_000, nestedEvent(`,"unique_id":"%d","time":"2026-01-31T10:00:00Z","properties":{"s":"`+strings.Repeat("a", 800)+`","n":[1,2,{"a":"b"}]}`))...))
	op := latest("POST", bulkEventsPath)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r, err := http.NewRequest("POST", "https://a.klaviyo.com"+bulkEventsPath, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header = http.Header{"Authorization": {"Klaviyo-API-Key pk_test"}, "Revision": {op.Revision}, "Content-Type": {op.MediaType}}
		rsp, err := k.Transport().RoundTrip(r)
		if err != nil || rsp.StatusCode != http.StatusAccepted {
			b.Fatal(rsp, err)
		}
	}
}
