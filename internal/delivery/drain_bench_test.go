package delivery

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// far is a Klaviyo's transport with the time that a request is on its way.
type far struct{ http.RoundTripper }

func (f far) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(40 * time.Millisecond)
	resp, err := f.RoundTripper.RoundTrip(req)
	time.Sleep(40 * time.Millisecond)
	return resp, err
}

// leastTime is how long n calls of an operation take somebody who spends each of its
// windows whole, the first of which begin with the first call.
func leastTime(op *klaviyo.Operation, n int) time.Duration {
	windows := (n - 1) / op.Steady.Calls
	last := n - windows*op.Steady.Calls
	return time.Duration(windows)*op.Steady.Window + time.Duration((last-1)/op.Burst.Calls)*op.Burst.Window
}

// BenchmarkDrain delivers events from their JSON on, all of different people. It
// prints how much longer than the least time of the slowest operation that takes.
func BenchmarkDrain(b *testing.B) {
	for _, mix := range []struct {
		name               string
		identifies, tracks int
		shuffled           bool
	}{
		{name: "tracks", tracks: 7000},
		{name: "identifies", identifies: 1400},
		{name: "mixed", identifies: 1400, tracks: 7000, shuffled: true},
		// More of one kind at a stretch than a Queue takes in.
		{name: "sorted", identifies: 7000, tracks: 35_000},
	} {
		b.Run(mix.name, func(b *testing.B) {
			order := make([]int, mix.identifies+mix.tracks)
			for i := range order {
				order[i] = i
			}
			if mix.shuffled {
				rand.New(rand.NewPCG(1, 1)).Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
			least := max(leastTime(klaviyo.OperationCreateEvent, mix.tracks), leastTime(klaviyo.OperationCreateProfile, mix.identifies))
			for range b.N {
				virtually(b, func(t *testing.T) {
					k := klaviyotest.New(klaviyotest.WithoutRequestLog())
					c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: far{k.Transport()}}))
					if err != nil {
						t.Fatal(err)
					}
					start := time.Now()
					s := newStream(t, Config{Sender: c})
					for _, i := range order {
						kind := "track"
						if i < mix.identifies {
							kind = "identify"
						}
						s.add(fmt.Sprintf(`{"type":"%s","messageId":"m%d","event":"Ping","context":{"traits":{"email":"p%d@example.com"}}}`, kind, i, i))
					}
					s.end()
					b.ReportMetric(time.Since(start).Seconds()/least.Seconds(), "ratio")
					b.ReportMetric(float64(c.Stats().RateLimited), "429s")
				})
			}
		})
	}
}
