package client

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

func TestLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		statuses := []int{http.StatusTooManyRequests, 0, http.StatusAccepted}
		c := newTestClient(t, func(*http.Request) (*http.Response, error) {
			time.Sleep(50 * time.Millisecond)
			status := statuses[0]
			statuses = statuses[1:]
			if status == 0 {
				return nil, &url.Error{Op: "Post", URL: "https://example.com/?email=ada@example.com", Err: syscall.ECONNREFUSED}
			}
			resp := answer(status, `{"errors":[{"detail":"ada@example.com"}]}`)
			resp.Header.Set("Retry-After", "9")
			return resp, nil
		}, WithLogger(logger))
		if _, err := c.Send(t.Context(), event()); err != nil {
			t.Fatal(err)
		}

		want := []map[string]any{
			{"level": "DEBUG", "msg": "klaviyo attempt", "operation": "create_event", "attempt": 1.0, "status": 429.0, "wait": 0.0, "duration": 5e7},
			{"level": "WARN", "msg": "klaviyo retry", "operation": "create_event", "attempt": 1.0, "status": 429.0, "wait": 9e9},
			{"level": "DEBUG", "msg": "klaviyo attempt", "operation": "create_event", "attempt": 2.0, "status": 0.0, "wait": 0.0, "duration": 5e7},
			{"level": "WARN", "msg": "klaviyo retry", "operation": "create_event", "attempt": 2.0, "status": 0.0, "wait": 0.0, "error": "connection refused"},
			{"level": "DEBUG", "msg": "klaviyo attempt", "operation": "create_event", "attempt": 3.0, "status": 202.0, "wait": 0.0, "duration": 5e7},
		}
		lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		if len(lines) != len(want) {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), len(want), &log)
		}
		for i, line := range lines {
			var got map[string]any
			if err := json.Unmarshal(line, &got); err != nil {
				t.Fatal(err)
			}
			delete(got, "time")
			if got["error"] != nil {
				got["wait"] = 0.0 // it is random
			}
			if len(got) != len(want[i]) {
				t.Errorf("line %d: %s", i, line)
			}
			for name, value := range want[i] {
				if got[name] != value {
					t.Errorf("line %d: %s = %v, want %v", i, name, got[name], value)
				}
			}
		}
		if strings.Contains(log.String(), "ada") {
			t.Error("the log quotes a body")
		}
		if got, want := c.Stats(), (Stats{Requests: 3, Retries: 2, RateLimited: 1}); got != want {
			t.Errorf("stats %+v, want %+v", got, want)
		}
	})
}
