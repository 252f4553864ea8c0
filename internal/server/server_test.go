package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/gateway"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

// TestAnswersAreCountedDuringStart expects the metrics from the beginning.
func TestAnswersAreCountedDuringStart(t *testing.T) {
	s := &server{metrics: service.NewMetrics()}
	tokens, err := gateway.NewTokenList(map[string][]string{"eu": {"token-0123456789"}})
	if err != nil {
		t.Fatal(err)
	}
	s.tokens.Use(tokens)
	taking, err := gateway.New(gateway.Config{Accounts: &s.tokens, Publisher: s, Observer: gateway.Observer{Answered: s.answered, Failed: s.failed}})
	if err != nil {
		t.Fatal(err)
	}
	request := httptest.NewRequest(http.MethodPost, "/v1/webhook", strings.NewReader("{}"))
	request.SetBasicAuth("token-0123456789", "")
	answer := httptest.NewRecorder()
	taking.ServeHTTP(answer, request)
	if !strings.Contains(answer.Body.String(), "starting") {
		t.Errorf("%d %s", answer.Code, answer.Body)
	}
	shownMetrics := httptest.NewRecorder()
	shown{s}.Metrics().ServeHTTP(shownMetrics, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if want := `rudderklaviyo_ingest_requests_total{account="eu",code="429"} 1`; !strings.Contains(shownMetrics.Body.String(), want) {
		t.Errorf("no %s in\n%s", want, shownMetrics.Body)
	}
}
