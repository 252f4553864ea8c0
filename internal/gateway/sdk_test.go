package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rudderlabs/analytics-go/v4"
)

// sdkEvent is what the tests look at in an event of an SDK.
type sdkEvent struct {
	Type, UserID, Event, GroupID, PreviousID, Name, MessageID string

	Timestamp, ReceivedAt, OriginalTimestamp, SentAt time.Time
	Traits, Properties                               map[string]any
	Context                                          struct{ Traits map[string]any }
}

// String tells what is in the event.
func (e sdkEvent) String() string {
	email, _ := e.Traits["email"].(string)
	if email == "" {
		email, _ = e.Context.Traits["email"].(string)
	}
	revenue, _ := e.Properties["revenue"].(float64)
	return fmt.Sprintf("%s of %s: %s%s%s%s%s %g", e.Type, e.UserID, e.Event, e.GroupID, e.Name, e.PreviousID, email, revenue)
}

// wantOfSDK is what the events of each SDK are.
var wantOfSDK = []string{
	"identify of u1: jane@example.com 0", "track of u1: Order Completed 19.99", "group of u1: list 0",
	"screen of u1: Cart 0", "page of u1: Home 0", "alias of u2: u1 0",
}

// sdkEvents returns the events that were kept, and holds their times to RudderStack's rule: those
// of Segment's SDKs have a timestamp, which stays.
func sdkEvents(t *testing.T, k *keeper, segments bool) (events []string) {
	t.Helper()
	for _, text := range k.events(t) {
		var e sdkEvent
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if e.MessageID == "" || e.Timestamp.IsZero() || e.ReceivedAt.IsZero() || e.OriginalTimestamp.IsZero() != segments {
			t.Errorf("%s lacks something", text)
		}
		want := e.ReceivedAt.Add(-e.SentAt.Sub(e.OriginalTimestamp))
		if !segments && e.Timestamp.Sub(want).Abs() > time.Millisecond || segments && e.Timestamp.After(e.ReceivedAt) {
			t.Errorf("timestamp %v of an event received at %v, want %v", e.Timestamp, e.ReceivedAt, want)
		}
		events = append(events, e.String())
	}
	return events
}

// results collects what RudderStack's Go SDK says of each event.
type results struct {
	mu       sync.Mutex
	sent     int
	failures []error
	wanted   int
	done     chan struct{} // closed once as many are sent as are wanted
}

func (r *results) Success(analytics.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sent++; r.sent == r.wanted {
		close(r.done)
	}
}

func (r *results) Failure(_ analytics.Message, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, err)
}

type quiet struct{ t *testing.T }

func (q quiet) Logf(string, ...any)               {}
func (q quiet) Errorf(format string, args ...any) { q.t.Logf(format, args...) }

// TestGoSDK has RudderStack's Go SDK send every type of event, with gzip and without, to a
// gateway that can't keep the first.
func TestGoSDK(t *testing.T) {
	for name, plain := range map[string]bool{"gzip": false, "plain": true} {
		t.Run(name, func(t *testing.T) {
			k := refusing(2)
			s := start(t, k, nil)
			said := &results{wanted: len(wantOfSDK), done: make(chan struct{})}
			sdk, err := analytics.NewWithConfig(tokenB, analytics.Config{
				DataPlaneUrl: s.url, DisableGzip: plain, Callback: said, Logger: quiet{t}, Transport: client(t).Transport,
				BatchSize: 3, RetryAfter: func(int) time.Duration { return 0 },
			})
			if err != nil {
				t.Fatal(err)
			}
			messages := []analytics.Message{
				analytics.Identify{UserId: "u1", Traits: analytics.NewTraits().SetEmail("jane@example.com")},
				analytics.Track{UserId: "u1", Event: "Order Completed", Properties: analytics.NewProperties().SetRevenue(19.99)},
				analytics.Group{UserId: "u1", GroupId: "list"},
				analytics.Screen{UserId: "u1", Name: "Cart"},
				analytics.Page{UserId: "u1", Name: "Home"},
				analytics.Alias{UserId: "u2", PreviousId: "u1"},
			}
			for _, m := range messages {
				if err := sdk.Enqueue(m); err != nil {
					t.Fatal(err)
				}
			}
			<-said.done // closing would give up what fails
			if err := sdk.Close(); err != nil {
				t.Fatal(err)
			}
			if said.sent != len(messages) || len(said.failures) > 0 {
				t.Errorf("the SDK says %d are sent, and %v", said.sent, said.failures)
			}
			// Batches overtake each other in this SDK.
			if diff := cmp.Diff(slices.Sorted(slices.Values(wantOfSDK)), slices.Sorted(slices.Values(sdkEvents(t, k, false)))); diff != "" {
				t.Error(diff)
			}
			for _, m := range k.all() {
				if m.account != "b" {
					t.Errorf("account %s", m.account)
				}
			}
		})
	}
}

// TestGoSDKRefused has the SDK say what it was told.
func TestGoSDKRefused(t *testing.T) {
	s := start(t, new(keeper), nil)
	said := new(results)
	sdk, err := analytics.NewWithConfig(noones, analytics.Config{
		DataPlaneUrl: s.url, Callback: said, Logger: quiet{t}, Transport: client(t).Transport, BatchSize: 1,
		RetryAfter: func(int) time.Duration { return 0 },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := sdk.Enqueue(analytics.Track{UserId: "u", Event: "e"}); err != nil {
		t.Fatal(err)
	}
	if err := sdk.Close(); err != nil {
		t.Fatal(err)
	}
	if len(said.failures) != 1 || !strings.Contains(said.failures[0].Error(), "401") || len(s.all()) > 0 {
		t.Errorf("%v", said.failures)
	}
}

// nodeSDKs are the SDKs of npm that are tried. Each program sends an event of each type, and ends
// once the SDK has had its responses. It is given the URL, the token, and whether to use gzip.
var nodeSDKs = map[string]struct {
	version string
	// gzip is what the SDK can do: compress or not.
	gzip []string
	// segments says that it is Segment's, whose events have a timestamp of their own.
	segments bool
	program  string
}{
	"@rudderstack/rudder-sdk-node": {
		version: "3.0.13", gzip: []string{"true", "false"}, program: `
const Analytics = require('@rudderstack/rudder-sdk-node');
const sdk = new Analytics(token, { dataPlaneUrl: url + '/', flushAt: 3, gzip, logLevel: 'silly', axiosRetryConfig: { retryDelay: () => 1 } });
const all = calls.map(([type, message]) => new Promise((resolve, reject) => sdk[type](message, (err) => err ? reject(err) : resolve())));
const flush = async () => { while (sdk.queue.length > 0) await sdk.flush(); };
flush().then(() => Promise.all(all)).then(() => process.exit(0), fail);
`},
	"@rudderstack/analytics-js-service-worker": {
		version: "3.3.13", gzip: []string{"true", "false"}, program: `
const { Analytics } = require('@rudderstack/analytics-js-service-worker');
const sdk = new Analytics(token, url, { flushAt: 3, gzip, axiosRetryConfig: { retryDelay: () => 1 } });
const all = calls.map(([type, message]) => new Promise((resolve, reject) => sdk[type](message, (err) => err ? reject(err) : resolve())));
const flush = async () => { while (sdk.queue.length > 0) await sdk.flush(); };
flush().then(() => Promise.all(all)).then(() => process.exit(0), fail);
`},
	"@segment/analytics-node": {
		version: "3.1.0", gzip: []string{"false"}, segments: true, program: `
const { Analytics } = require('@segment/analytics-node');
const sdk = new Analytics({ writeKey: token, host: url, flushAt: 3 });
sdk.on('error', (err) => fail(new Error(JSON.stringify(err))));
calls.forEach(([type, message]) => sdk[type](message));
sdk.closeAndFlush({ timeout: 60000 }).then(() => process.exit(0), fail);
`},
}

const nodeCalls = `
const [url, token, compressed] = process.argv.slice(2);
const gzip = compressed === 'true';
const fail = (err) => { console.error(err.message); process.exit(1); };
const calls = [
  ['identify', { userId: 'u1', traits: { email: 'jane@example.com' } }],
  ['track', { userId: 'u1', event: 'Order Completed', properties: { revenue: 19.99 } }],
  ['group', { userId: 'u1', groupId: 'list' }],
  ['screen', { userId: 'u1', name: 'Cart' }],
  ['page', { userId: 'u1', name: 'Home' }],
  ['alias', { userId: 'u2', previousId: 'u1' }],
];
`

// TestNodeSDKs has SDKs for Node.js send every type of event to a gateway that can't keep the
// first request. It takes them from npm, whose cache makes the second time quick.
func TestNodeSDKs(t *testing.T) {
	if testing.Short() {
		t.Skip("installs packages of npm")
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("npm isn't here")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node isn't here")
	}
	for name, sdk := range nodeSDKs {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, text := range map[string]string{"package.json": `{"private":true}`, "send.js": nodeCalls + sdk.program} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			run := func(program string, args ...string) ([]byte, error) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
				defer cancel()
				c := exec.CommandContext(ctx, program, args...)
				c.Dir = dir
				return c.CombinedOutput()
			}
			if out, err := run(npm, "install", "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund", name+"@"+sdk.version); err != nil {
				t.Skipf("npm can't install %s: %v\n%s", name, err, out)
			}
			for _, gzip := range sdk.gzip {
				t.Run("gzip "+gzip, func(t *testing.T) {
					k := refusing(1)
					s := start(t, k, nil)
					if out, err := run(node, "send.js", s.url, tokenA, gzip); err != nil {
						t.Fatalf("%v\n%s", err, out)
					}
					// Batches overtake each other in Segment's.
					if diff := cmp.Diff(slices.Sorted(slices.Values(wantOfSDK)), slices.Sorted(slices.Values(sdkEvents(t, k, sdk.segments)))); diff != "" {
						t.Error(diff)
					}
				})
			}
		})
	}
}
