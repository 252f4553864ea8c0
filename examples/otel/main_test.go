package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// Each attempt is a span below the caller's, with its status and without the key.
func TestSpans(t *testing.T) {
	recorder := tracetest.NewSpanRecorder()
	tracing := trace.NewTracerProvider(trace.WithSpanProcessor(recorder))
	k := klaviyotest.New(klaviyotest.WithKey("pk_test"), klaviyotest.WithList("L", "Newsletter"))
	k.Inject(klaviyotest.ServerError())
	c, err := client.New("pk_test",
		client.WithHTTPClient(&http.Client{Transport: traced(k.Transport(), tracing)}),
		client.WithRetry(client.RetryPolicy{MinBackoff: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	if err := listNames(t.Context(), c, tracing); err != nil {
		t.Fatal(err)
	}

	spans := recorder.Ended()
	if len(spans) != 3 {
		t.Fatalf("%d spans, want two attempts and the call", len(spans))
	}
	call := spans[2]
	for i, status := range []int64{500, 200} {
		attempt := spans[i]
		if attempt.Name() != "get_lists" || attempt.Parent().SpanID() != call.SpanContext().SpanID() {
			t.Errorf("attempt %d: span %s", i, attempt.Name())
		}
		has := false
		for _, a := range attempt.Attributes() {
			has = has || strings.HasSuffix(string(a.Key), "status_code") && a.Value.AsInt64() == status
		}
		if !has {
			t.Errorf("attempt %d lacks the status %d: %v", i, status, attempt.Attributes())
		}
	}
	if slices.ContainsFunc(spans, func(s trace.ReadOnlySpan) bool { return strings.Contains(fmt.Sprint(s.Attributes()), "pk_test") }) {
		t.Error("the key is in a span")
	}
}
