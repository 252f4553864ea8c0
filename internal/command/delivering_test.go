package command

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
)

// delivering runs the program with an input and a Klaviyo account, with a fault.
type delivering struct {
	way     way
	klaviyo *klaviyotest.Klaviyo
	network *faultyNetwork
	args    []string
	ctx     context.Context
	mend    func()      // ends a fault that is neither in the network nor at the server
	healed  atomic.Bool // the fault has ended
	// dead and checkpoint are file names. checkpoint is empty if there is none.
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

// checkNothingIsLost checks that each event before a line, or each event if the line is 0, has
// arrived, was skipped or is a dead letter, and that none counts twice.
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

// checkOrder checks that the events of each person arrived in order.
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

// deadLetters returns the codes and pointers of the dead letters by line.
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

// checkSummary checks the summary of a run that didn't stop.
func (d *delivering) checkSummary(t *testing.T, r result, dead int) {
	t.Helper()
	got := r.counts(t)
	for name, want := range map[string]int{"events": lastLine, "skipped": 1, "dead_lettered": dead, "delivered": lastLine - 1 - dead} {
		if got[name] != want {
			t.Errorf("%s: %d, want %d", name, got[name], want)
		}
	}
}

// checkStop checks that the summary of a stopped run has the text of its last lines, and a code
// that docs/reliability.md lists.
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

// undone returns the line that a run stopped at, or 0 if it didn't stop.
func (r result) undone() int {
	match := stoppedAtLine.FindStringSubmatch(r.stderr)
	if match == nil {
		return 0
	}
	line, _ := strconv.Atoi(match[1])
	return line
}

// resumption returns the command, with its arguments, that the program prints to continue.
func (r result) resumption(t *testing.T) (string, []string) {
	t.Helper()
	printed := strings.Split(strings.TrimRight(r.stderr, "\n"), "\n")
	words := strings.Fields(strings.ReplaceAll(printed[len(printed)-1], "'", "")) // none has a space
	if len(words) < 3 || words[0] != "rudderklaviyo" {
		t.Fatalf("the output doesn't say how to continue:\n%s", r.stderr)
	}
	return words[1], words[2:]
}
