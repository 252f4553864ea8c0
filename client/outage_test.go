package client

import (
	"bytes"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestAnOutageIsLoggedOnce has many requests wait for a server that is down, and then for a
// limit that another program uses up.
func TestAnOutageIsLoggedOnce(t *testing.T) {
	for name, failure := range map[string]func() (*http.Response, error){
		"no answer": func() (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		"503":       func() (*http.Response, error) { return answer(http.StatusServiceUnavailable, ""), nil },
		"429":       func() (*http.Response, error) { return answer(http.StatusTooManyRequests, `{"errors":[]}`), nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				until := time.Now().Add(20 * time.Second)
				c := newTestClient(t, func(*http.Request) (*http.Response, error) {
					if time.Now().Before(until) {
						return failure()
					}
					return answer(http.StatusAccepted, ""), nil
				}, WithLogger(slog.New(slog.NewTextHandler(&log, nil))), WithRetry(RetryPolicy{MaxAttempts: 100}))
				var group sync.WaitGroup
				for range 32 {
					group.Go(func() {
						if _, err := c.Send(t.Context(), event()); err != nil {
							t.Error(err)
						}
					})
				}
				group.Wait()
				lines := strings.Split(strings.TrimSpace(log.String()), "\n")
				if len(lines) != 2 || !strings.Contains(lines[0], `msg="klaviyo retry"`) || !strings.Contains(lines[1], `msg="klaviyo responds again"`) {
					t.Errorf("%d lines:\n%s", len(lines), &log)
				}
			})
		})
	}
}
