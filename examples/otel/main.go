// Otel traces calls to Klaviyo: a span for each call, and below it one for each attempt,
// by otelhttp's transport under the client. It is a module of its own, so that others
// who import the client don't get OpenTelemetry with it.
package main

import (
	"context"
	"log"
	"net/http"
	"os"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/stdout/stdouttrace"
	"go.opentelemetry.io/otel/sdk/trace"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

func main() {
	exporter, err := stdouttrace.New()
	if err != nil {
		log.Fatal(err)
	}
	tracing := trace.NewTracerProvider(trace.WithBatcher(exporter))
	defer tracing.Shutdown(context.Background())

	c, err := client.New(os.Getenv("KLAVIYO_API_KEY"),
		client.WithHTTPClient(&http.Client{Transport: traced(http.DefaultTransport, tracing)}))
	if err != nil {
		log.Fatal(err)
	}
	if err := listNames(context.Background(), c, tracing); err != nil {
		log.Print(err)
	}
}

// traced makes a span of each attempt, named after the operation. A span has the
// address, and so the query: filter by ids rather than by addresses of people where the
// spans go to others. Neither the key nor a body is in a span.
func traced(transport http.RoundTripper, tracing *trace.TracerProvider) http.RoundTripper {
	return otelhttp.NewTransport(transport,
		otelhttp.WithTracerProvider(tracing),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string {
			op, _ := klaviyo.Operations.Match(r.Method, r.URL.Path)
			return string(op.ID)
		}))
}

// listNames prints the account's lists under a span of its own, whose children are the
// attempts: the client passes its context on.
func listNames(ctx context.Context, c *client.Client, tracing *trace.TracerProvider) error {
	ctx, span := tracing.Tracer("example").Start(ctx, "list names")
	defer span.End()
	for list, err := range klaviyo.NewAPI(c).AllLists(ctx, nil) {
		if err != nil {
			span.RecordError(err)
			return err
		}
		log.Print(list.Attributes.Name)
	}
	return nil
}
