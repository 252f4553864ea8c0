package main

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

const input = `{"type":"track","event":"Signed Up","messageId":"m1","context":{"traits":{"email":"ana@example.com"}}}
{"type":"track","event":"Signed Up","messageId":"m2","userId":"u-2"}
{"type":"identify","traits":{"email":"ana@example.com","firstName":"Ana"}}
`

func TestImport(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_test"))
	c, err := client.New("pk_test",
		client.WithHTTPClient(&http.Client{Transport: k.Transport()}),
		client.WithRetry(client.RetryPolicy{MinBackoff: time.Millisecond}))
	if err != nil {
		t.Fatal(err)
	}
	k.Inject(klaviyotest.ServerError()) // the client retries it

	sent, failed, err := importEvents(context.Background(), c, strings.NewReader(input))
	if err != nil || sent != 2 || len(failed) != 1 {
		t.Fatalf("sent %d, failed %v: %v", sent, failed, err)
	}
	if events := k.Events(); len(events) != 1 || events[0].Metric != "Signed Up" {
		t.Errorf("events: %+v", events)
	}
	if profile, ok := k.Profile("ana@example.com"); !ok || profile.Attributes.FirstName != "Ana" {
		t.Errorf("profile: %+v", profile)
	}
}

func TestImportStopsIfTheKeyIsRejected(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_test"))
	c, err := client.New("pk_wrong", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := importEvents(context.Background(), c, strings.NewReader(input)); !errors.Is(err, client.ErrUnauthorized) {
		t.Errorf("the error is %v", err)
	}
}
