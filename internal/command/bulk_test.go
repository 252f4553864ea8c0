package command

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// A backlog goes in calls for many where the revision has them, unless --bulk says never.
func TestBulk(t *testing.T) {
	const n = 500
	var events strings.Builder
	for i := range n {
		fmt.Fprintf(&events, `{"type":"track","event":"Ping","messageId":"m%d","context":{"traits":{"email":"p%d@example.com"}}}`+"\n", i, i)
		fmt.Fprintf(&events, `{"type":"identify","messageId":"i%d","traits":{"email":"q%d@example.com"}}`+"\n", i, i)
	}
	for _, tt := range []struct {
		name        string
		args        []string
		least, most int // requests
	}{
		{"auto", []string{"--revision", "2026-07-15"}, 60, 200},
		{"never", []string{"--revision", "2026-07-15", "--bulk", "never"}, 2 * n, 2 * n},
		{"a revision without such calls", []string{"--revision", "2023-02-22"}, 2 * n, 2 * n},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				k := klaviyotest.New()
				k.Inject(klaviyotest.Fault{Delay: 100 * time.Millisecond, Times: -1})
				s := account(k)
				s.stdin = strings.NewReader(events.String())
				s.run(t, append([]string{"send", "--output=json"}, tt.args...)...).want(t, statusDone)
				if got := len(k.Requests()); got < tt.least || got > tt.most {
					t.Errorf("%d requests, want %d to %d", got, tt.least, tt.most)
				}
				if events, people := len(k.Events()), len(k.Profiles()); events != n || people != 2*n {
					t.Errorf("%d events, %d profiles", events, people)
				}
			})
		})
	}
}
