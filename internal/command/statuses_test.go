package command

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// TestEveryStatusOnEverything has a server answer one status to all that is sent. Only what
// can be the events' own fault makes dead letters of them, and only what the description
// has delivers them: anything else stops the run with nothing done.
func TestEveryStatusOnEverything(t *testing.T) {
	const own, page = `{"errors":[{"code":"x","detail":"y"}]}`, "<!DOCTYPE html><title>Portal</title>"
	input := lines(track(1, "m1"), track(2, "m2"), track(3, "m3"), track(4, "m4"), track(5, "m5"), track(6, "m6"))
	for status := 200; status <= 599; status++ {
		for _, body := range []string{"", own, page} {
			if http.StatusText(status) == "" && body != own {
				continue // one is enough of a status that means nothing
			}
			want := statusStopped
			switch {
			case status == http.StatusAccepted && body != page:
				want = statusDone
			case slices.Contains([]int{400, 409, 415, 422}, status) && body != page, slices.Contains([]int{413, 414}, status),
				slices.Contains([]int{404, 405}, status) && body == own:
				want = statusDeadLetters
			}
			synctest.Test(t, func(t *testing.T) {
				dead := filepath.Join(t.TempDir(), "dead.jsonl")
				s := setup{stdin: strings.NewReader(input), env: map[string]string{"KLAVIYO_API_KEY": key}, transport: refusing(func(req *http.Request) (*http.Response, error) {
					resp := answers(status, body)(req)
					resp.Request = req
					return resp, nil
				})}
				r := s.run(t, "send", "--output=json", "--dead-letter="+dead)
				counts := map[int]int{statusDone: 0, statusDeadLetters: 0, statusStopped: 0}
				counts[r.status] = 6
				got := r.counts(t)
				if r.status != want || got["delivered"] != counts[statusDone] || got["dead_lettered"] != counts[statusDeadLetters] {
					t.Errorf("%d %q: exit %d, want %d, with %v\n%s", status, body, r.status, want, got, r.stderr)
				}
			})
		}
	}
}
