package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
)

// The input of a delivery: an identify, a page, which is skipped, subscriptions of a
// list, which make one batch, further identifies, which make an import, and tracks of many
// people, two of most.
const (
	identifyLine      = 1
	skippedLine       = 2
	trackLine         = 7 // that of the track with a fault of its own
	otherTrackLine    = 30
	laterTrackLine    = trackLine + people
	firstSubscription = 11
	subscriptionLine  = 15 // that of the subscription with a fault of its own
	lastSubscription  = 20
	firstImported     = 21
	importedLine      = 24 // that of the identify with a fault of its own
	lastImported      = 28
	lastLine          = 100
	people            = 49 // whom the tracks are of, and the identify is of one more
)

func isSubscription(line int) bool { return line >= firstSubscription && line <= lastSubscription }

func isImported(line int) bool { return line >= firstImported && line <= lastImported }

// identifiedPerson is in the request of the identify, and in no other.
const identifiedPerson = "p49@example.com"

// numberOnTrackLine is a phone number that Klaviyo may not like.
const numberOnTrackLine = "+12025550147"

func eventOnLine(line int) string {
	switch {
	case line == identifyLine:
		return identify(people)
	case line == skippedLine:
		return `{"type":"page"}`
	case line == trackLine:
		return strings.Replace(track(line, idOnLine(line)), `{"email"`, `{"phone":"`+numberOnTrackLine+`","email"`, 1)
	case isImported(line):
		return fmt.Sprintf(`{"type":"identify","traits":{"email":%q}}`, idOnLine(line))
	case isSubscription(line):
		return fmt.Sprintf(`{"type":"group","groupId":"L","traits":{"email":%q,"properties":{"subscribe":true}}}`, idOnLine(line))
	}
	return track(line%people, idOnLine(line))
}

// idOnLine is in the request of the event on a line, and in no other.
func idOnLine(line int) string {
	switch {
	case isSubscription(line):
		return fmt.Sprintf("s%03d@example.com", line)
	case isImported(line):
		return fmt.Sprintf("i%03d@example.com", line)
	}
	return fmt.Sprintf("m%03d", line)
}

// A way is how the events go to Klaviyo.
type way struct {
	name, revision string
	args           []string
	// inBulk tells that most of the tracks go in one call, and most of the identifies.
	inBulk bool
	pointers
}

// pointers are where a revision's bodies have what the faults name.
type pointers struct {
	number       string // of a single event's profile
	subscription string // of a batch, by its index
}

var (
	flatPointers   = pointers{"/data/attributes/profile/$phone_number", "/data/attributes/subscriptions/%d"}
	nestedPointers = pointers{"/data/attributes/profile/data/attributes/phone_number", "/data/attributes/profiles/data/%d/attributes"}
)

// ways are those of the program, of each revision. What waits while the only call of its
// operation is under way goes in bulk.
var ways = allWays()

func allWays() []way {
	all := []way{{older, older, nil, false, flatPointers}}
	for _, r := range revisions[1:] {
		all = append(all,
			way{r.name, r.name, []string{"--bulk=never"}, false, nestedPointers},
			way{r.name + " in bulk", r.name, []string{"--concurrency=1"}, true, nestedPointers})
	}
	return all
}

// wayOf gives one with the revision of a request.
func wayOf(req *http.Request) way {
	return ways[slices.IndexFunc(ways, func(w way) bool { return w.revision == req.Header.Get("revision") })]
}

// delivering is the program between its input and a Klaviyo, in a world with a fault.
type delivering struct {
	way     way
	klaviyo *klaviyotest.Klaviyo
	network *faultyNetwork
	args    []string
	ctx     context.Context
	mend    func()      // what isn't the network's or Klaviyo's
	healed  atomic.Bool // the fault is over
	// dead and checkpoint are files; checkpoint is empty where there is none.
	dead, checkpoint string
}

func newDelivering(t *testing.T, tt faultTest, w way, checkpoint bool) *delivering {
	var events []string
	for line := 1; line <= lastLine; line++ {
		events = append(events, eventOnLine(line))
	}
	d := &delivering{way: w, mend: func() {}, dead: filepath.Join(t.TempDir(), "dead.jsonl")}
	k := klaviyotest.New(klaviyotest.WithKey(key), klaviyotest.WithList("L", "Newsletter"), klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
		if d.healed.Load() {
			return klaviyotest.JobPlan{}
		}
		return tt.job
	}))
	n := &faultyNetwork{next: k.Transport(), test: tt, inBulk: w.inBulk, spare: tt.after, left: tt.times}
	if tt.times == 0 {
		n.left = -1
	}
	if tt.answer == nil && tt.broken == nil && tt.alter == nil {
		tt.cause.When, tt.cause.Times = n.strikes, -1
		k.Inject(tt.cause)
	}
	d.klaviyo, d.network = k, n
	d.args = []string{"--output=json", "--log-level=info", "--dead-letter=" + d.dead, "--revision=" + w.revision}
	d.args = append(d.args, w.args...)
	if checkpoint {
		d.checkpoint = progressFile(t)
		d.args = append(d.args, "--checkpoint="+d.checkpoint)
	}
	d.args = append(d.args, write(t, "events.jsonl", lines(events...)))
	return d
}

func (d *delivering) run(t *testing.T, command string, args ...string) result {
	t.Helper()
	s := setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: d.network, ctx: d.ctx}
	return s.run(t, append([]string{command}, args...)...)
}

// heal ends the fault.
func (d *delivering) heal() {
	d.network.heal()
	d.mend()
	d.healed.Store(true)
}

// checkNothingIsLost checks that each event before a line, or of all where that is 0,
// has arrived, is skipped or is a dead letter, and that none counts twice.
func (d *delivering) checkNothingIsLost(t *testing.T, undone int) {
	t.Helper()
	arrived := map[string]int{}
	for _, id := range messageIDs(d.klaviyo) {
		if arrived[id]++; arrived[id] > 1 {
			t.Errorf("event %s counts twice", id)
		}
	}
	for _, s := range d.klaviyo.Subscriptions() {
		arrived[s.Email]++
	}
	for line := 1; line <= lastLine; line++ {
		person := idOnLine(line)
		if line == identifyLine {
			person = identifiedPerson
		}
		if _, ok := d.klaviyo.Profile(person); ok && (line == identifyLine || isImported(line)) {
			arrived[idOnLine(line)]++
		}
	}
	dead := d.deadLetters(t)
	for line := 1; line <= lastLine; line++ {
		_, isDead := dead[line]
		done := line == skippedLine || isDead || arrived[idOnLine(line)] > 0
		if !done && (undone == 0 || line < undone) {
			t.Errorf("line %d is lost", line)
		}
	}
}

// checkOrder checks that the events of each person arrived in their order.
func (d *delivering) checkOrder(t *testing.T) {
	t.Helper()
	latest := map[string]string{}
	for _, event := range d.klaviyo.Events() {
		if before := latest[event.ProfileID]; before > event.UniqueID {
			t.Errorf("%s arrived after %s", event.UniqueID, before)
		}
		latest[event.ProfileID] = event.UniqueID
	}
}

// deadLetters gives the codes and pointers of the dead letters by line.
func (d *delivering) deadLetters(t *testing.T) map[int]string {
	t.Helper()
	codes := map[int]string{}
	info, err := os.Stat(d.dead)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return codes
	}
	for record := range strings.Lines(read(t, d.dead)) {
		letter, err := deadletter.Parse([]byte(record))
		if err != nil {
			t.Fatal(err)
		}
		if want := eventOnLine(letter.Line); string(letter.Event) != want {
			t.Errorf("the dead letter of line %d has another event", letter.Line)
		}
		if _, twice := codes[letter.Line]; twice {
			t.Errorf("line %d has two dead letters", letter.Line)
		}
		codes[letter.Line] = strings.TrimSpace(letter.Error.Code + " " + letter.Error.Pointer)
	}
	return codes
}

func (d *delivering) checkDeadLetters(t *testing.T, want map[int]string) {
	t.Helper()
	if diff := cmp.Diff(want, d.deadLetters(t)); diff != "" {
		t.Errorf("dead letters (-want +got)\n%s", diff)
	}
}

// checkSummary checks the summary of a run that went to the end.
func (d *delivering) checkSummary(t *testing.T, r result, dead int) {
	t.Helper()
	got := r.counts(t)
	for name, want := range map[string]int{"events": lastLine, "skipped": 1, "dead_lettered": dead, "delivered": lastLine - 1 - dead} {
		if got[name] != want {
			t.Errorf("%s: %d, want %d", name, got[name], want)
		}
	}
}

// checkStop checks that the summary of a stopped run says what its last lines say, and has
// a code for it that docs/reliability.md lists.
func (r result) checkStop(t *testing.T) {
	t.Helper()
	var got summary
	if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || got.Stopped == nil {
		t.Fatalf("%v; the summary doesn't say that the run stopped: %s", err, r.stdout)
	}
	if want := "rudderklaviyo: " + got.Stopped.Error() + "\n"; !strings.HasSuffix(r.stderr, want) {
		t.Errorf("the summary says\n%sand the last lines\n%s", want, r.stderr)
	}
	if code := got.Stopped.Code; code == "unknown" || !strings.Contains(read(t, reliability), "`"+code+"`") {
		t.Errorf("the code of the stop is %s", code)
	}
}

var stoppedAtLine = regexp.MustCompile(`stopped at line (\d+) of `)

// undone gives the line that a run stopped at, or 0.
func (r result) undone() int {
	match := stoppedAtLine.FindStringSubmatch(r.stderr)
	if match == nil {
		return 0
	}
	line, _ := strconv.Atoi(match[1])
	return line
}

// resumption gives the command, and its arguments, that the program says goes on.
func (r result) resumption(t *testing.T) (string, []string) {
	t.Helper()
	printed := strings.Split(strings.TrimRight(r.stderr, "\n"), "\n")
	words := strings.Fields(strings.ReplaceAll(printed[len(printed)-1], "'", "")) // none has a space
	if len(words) < 3 || words[0] != "rudderklaviyo" {
		t.Fatalf("it doesn't say how to go on:\n%s", r.stderr)
	}
	return words[1], words[2:]
}

// faultyNetwork is the way to a Klaviyo. It remembers what went along.
type faultyNetwork struct {
	next http.RoundTripper
	test faultTest
	// inBulk has requests take a moment, in which others wait.
	inBulk bool

	mu    sync.Mutex
	spare int // events that will pass before the fault strikes
	left  int // times that it will strike then; negative is always
	sent  []passage
	met   []int // the events of each request that met the fault
}

// passage is a request with its answer.
type passage struct {
	request     string // the same for all attempts
	events      int    // in it
	began, over time.Time
	failed      bool
}

var (
	errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	uniqueID   = regexp.MustCompile(`"unique_id":"(m\d+)"`)
)

func (n *faultyNetwork) RoundTrip(req *http.Request) (*http.Response, error) {
	body := bodyOf(req)
	name := req.Method + " " + req.URL.Path + " " + string(body)
	ids := uniqueID.FindAllSubmatch(body, -1)
	if len(ids) == 1 {
		name = string(ids[0][1])
	}
	began := time.Now()
	if n.inBulk {
		time.Sleep(networkDelay / 5)
	}
	if req.Body != nil {
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	resp, err := n.pass(req, body)

	n.mu.Lock()
	defer n.mu.Unlock()
	n.sent = append(n.sent, passage{name, len(ids), began, time.Now(), err != nil || resp.StatusCode >= 300})
	return resp, err
}

// pass meets the fault, if it is the network's, or else Klaviyo.
func (n *faultyNetwork) pass(req *http.Request, body []byte) (*http.Response, error) {
	answer, broken := n.test.answer, n.test.broken
	if n.test.alter != nil {
		resp, err := n.next.RoundTrip(req)
		if err == nil {
			n.test.alter(resp)
		}
		return resp, err
	}
	if answer == nil && broken == nil || !n.test.strikes.meets(req, body) || !n.use(body) {
		return n.next.RoundTrip(req)
	}
	time.Sleep(networkDelay)
	if broken != nil {
		return nil, broken
	}
	resp := answer(req)
	resp.Request = req
	return resp, nil
}

// strikes tells whether a request meets the fault at Klaviyo.
func (n *faultyNetwork) strikes(req *http.Request) bool {
	body := bodyOf(req)
	return n.test.strikes.meets(req, body) && n.use(body)
}

// isBulk tells whether a request's body is of a call for many events.
func isBulk(body []byte) bool { return bytes.Contains(body, []byte(`"events-bulk-create"`)) }

// use takes one of the times that the fault strikes.
func (n *faultyNetwork) use(body []byte) bool {
	events := max(len(uniqueID.FindAll(body, -1)), 1)

	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case n.left == 0:
		return false
	case n.spare >= events:
		n.spare -= events
		return false
	case n.left > 0:
		n.left--
	}
	n.spare = 0
	n.met = append(n.met, events)
	return true
}

func (n *faultyNetwork) heal() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.left = 0
}

// struck counts the requests that met the fault, those in bulk apart.
func (n *faultyNetwork) struck() (singly, bulk int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, events := range n.met {
		if events > 1 {
			bulk++
		} else {
			singly++
		}
	}
	return singly, bulk
}

// mostAttempts is how often the request was sent that was sent most often. One that only
// looks is none: it is made again while a job goes on.
func (n *faultyNetwork) mostAttempts() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	attempts := map[string]int{}
	most := 0
	for _, p := range n.sent {
		if strings.HasPrefix(p.request, http.MethodGet) {
			continue
		}
		attempts[p.request]++
		most = max(most, attempts[p.request])
	}
	return most
}

// afterFailure counts the requests that were sent after the first had failed.
func (n *faultyNetwork) afterFailure() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	failed := slices.IndexFunc(n.sent, func(p passage) bool { return p.failed }) // in the order of the answers
	count := 0
	for _, p := range n.sent {
		if failed >= 0 && p.began.After(n.sent[failed].over) {
			count++
		}
	}
	return count
}

// networkDelay lets other requests be on their way when a fault is seen.
const networkDelay = 100 * time.Millisecond

// answers makes answers with a status, a body and a header.
func answers(status int, body string, header ...string) func(*http.Request) *http.Response {
	return func(*http.Request) *http.Response {
		resp := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		if len(header) == 2 {
			resp.Header.Set(header[0], header[1])
		}
		return resp
	}
}
