package command

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/deadletter"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func progressFile(t *testing.T) string { return filepath.Join(t.TempDir(), "progress.json") }

func TestCheckpointOfAStoppedSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		first := write(t, "first.jsonl", lines(track(1, "m1"), "", "nonsense", `{"type":"page"}`))
		var events []string
		for i := range 200 {
			events = append(events, track(i%20, fmt.Sprint("n", i)))
		}
		second := write(t, "second.jsonl", lines(events...))
		saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
		args := []string{"send", "--output=json", "--dead-letter=" + dead, "--checkpoint=" + saved, first, second}

		k.Inject(klaviyotest.Fault{Delay: 2 * time.Second, Times: -1})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(7*time.Second, cancel)
		s := account(k)
		s.ctx = ctx
		r := s.run(t, args...)
		r.want(t, statusStopped, "interrupted", "give the same command again", "rudderklaviyo send --checkpoint="+saved+" --dead-letter="+dead+" --output=json "+first+" "+second)
		sent := len(k.Requests())
		if sent == 0 || sent > 150 {
			t.Fatalf("%d requests", sent)
		}

		k2 := klaviyotest.New()
		r = account(k2).run(t, args...)
		r.want(t, statusDeadLetters, "Resuming at line", second)
		want := map[string]int{"events": 203, "delivered": 201, "skipped": 1, "dead_lettered": 1, "failed": 0, "not_done": 0, "earlier_events": 64}
		got := r.counts(t)
		if got["requests"] >= 201 {
			t.Errorf("%d requests: nothing was spared", got["requests"])
		}
		for name, n := range want {
			if got[name] != n {
				t.Errorf("%s: %d, want %d", name, got[name], n)
			}
		}
		all := append(messageIDs(k), messageIDs(k2)...)
		slices.Sort(all)
		if all = slices.Compact(all); len(all) != 201 {
			t.Errorf("%d of 201 events", len(all))
		}
		if got := len(codes(t, dead)); got != 1 {
			t.Errorf("%d dead letters", got)
		}

		// Done is done.
		k3 := klaviyotest.New()
		r = account(k3).run(t, args...)
		r.want(t, statusDeadLetters, "Nothing to send")
		if !strings.Contains(r.stdout, `"seconds":0,`) {
			t.Errorf("it took time: %s", r.stdout)
		}
		if got := r.counts(t); len(k3.Requests()) > 0 || got["events"] != 203 || got["delivered"] != 201 {
			t.Errorf("%d requests, %v", len(k3.Requests()), got)
		}
	})
}

// TestSendWaitsForTheImportsOfAnEarlierOne stops a send while Klaviyo has an import of it, adds
// newer values to the input, and goes on: with a checkpoint and with the line that was printed.
func TestSendWaitsForTheImportsOfAnEarlierOne(t *testing.T) {
	const people, newer = 20, 3 // which are p1, p2 and p3
	named := func(n int, name string) string {
		return fmt.Sprintf(`{"type":"identify","traits":{"email":"p%d@example.com","firstName":%q}}`, n, name)
	}
	for _, flags := range [][]string{{"--checkpoint", "--no-dead-letter"}, {"--no-dead-letter"}} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stopped := false
				k := klaviyotest.New(klaviyotest.WithJobs(func(klaviyotest.Job) klaviyotest.JobPlan {
					if stopped {
						return klaviyotest.JobPlan{}
					}
					return klaviyotest.JobPlan{Queued: 5 * time.Minute}
				}))
				var events []string
				for n := range people {
					events = append(events, named(n, "Old"))
				}
				path := write(t, "events.jsonl", lines(events...))
				args := []string{"--output=json", "--revision=2026-07-15", "--concurrency=1"}
				for _, flag := range flags {
					if flag == "--checkpoint" {
						flag += "=" + progressFile(t)
					}
					args = append(args, flag)
				}
				k.Inject(klaviyotest.Fault{Delay: second, Times: -1})
				ctx, cancel := context.WithTimeout(t.Context(), 30*second)
				defer cancel()
				s := account(k)
				s.ctx = ctx
				r := s.run(t, append(append([]string{"send"}, args...), path)...)
				r.want(t, statusStopped, "interrupted")
				if jobs := k.Jobs(); len(jobs) != 1 || jobs[0].Status != "queued" {
					t.Fatalf("jobs %+v", jobs)
				}
				stopped = true
				var more []string
				for n := range newer {
					more = append(more, named(n+1, "New"))
				}
				grow(t, path, lines(more...))

				_, args = r.resumption(t)
				began := time.Now()
				r = account(k).run(t, append([]string{"send"}, args...)...)
				r.want(t, statusDone, "Profiles wait for the import jobs", k.Jobs()[0].ID)
				if took := time.Since(began); took < 4*minute || took > 6*minute {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Hour)
				for _, p := range k.Profiles() {
					want := "Old"
					if slices.Contains([]string{"p1@example.com", "p2@example.com", "p3@example.com"}, p.Attributes.Email) {
						want = "New"
					}
					if p.Attributes.FirstName != want {
						t.Errorf("%s is %s, want %s", p.Attributes.Email, p.Attributes.FirstName, want)
					}
				}

				// What comes after the end has nothing to wait for.
				if flags[0] == "--checkpoint" {
					grow(t, path, lines(named(1, "Newest")))
					before := len(k.Requests())
					account(k).run(t, append([]string{"send"}, args...)...).want(t, statusDone)
					if n := len(k.Requests()) - before; n != 1 {
						t.Errorf("%d requests for an event", n)
					}
				}
			})
		})
	}
}

// TestCheckpointIsWrittenEarlyAndThenEachSecond has an event done each 100 ms.
func TestCheckpointIsWrittenEarlyAndThenEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		const answer = 100 * time.Millisecond
		k.Inject(klaviyotest.Fault{Delay: answer, Times: -1})
		saved := progressFile(t)
		var events []string
		for i := range 100 {
			events = append(events, track(1, fmt.Sprint("m", i)))
		}
		go account(k).run(t, "send", "--no-dead-letter", "--checkpoint", saved, write(t, "events.jsonl", lines(events...)))
		began := time.Now()
		at := func() (line int) {
			synctest.Wait()
			var c checkpoint.Checkpoint
			if err := json.Unmarshal([]byte(read(t, saved)), &c); err != nil {
				t.Fatal(err)
			}
			return c.At.Line
		}
		if line := at(); line != 1 {
			t.Errorf("at line %d at first", line)
		}
		writes, last := 0, 1
		for time.Since(began) < 5*time.Second {
			time.Sleep(5 * time.Millisecond)
			line := at()
			if line == last {
				continue
			}
			writes, last = writes+1, line
			if late := time.Since(began) - time.Duration(line-1)*answer; writes == 1 && late > 20*time.Millisecond {
				t.Errorf("the first event done was saved %v later", late)
			}
		}
		if line := at(); line < 31 || line > 50 {
			t.Errorf("at line %d after 5 s", line)
		}
		if writes < 5 || writes > 15 {
			t.Errorf("written %d times in 5 s", writes)
		}
		time.Sleep(time.Minute)
	})
}

// TestKilledSendDoesNotRepeatDeadLetters goes on at a checkpoint that is older than
// the dead letters, as after a kill.
func TestKilledSendDoesNotRepeatDeadLetters(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files int
	}{{"of one file", 1}, {"of several", 3}} {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New()
			k.Inject(klaviyotest.Fault{Status: http.StatusBadRequest, Code: "invalid", Times: -1, When: func(r *http.Request) bool { return hasBody(r, "bad") }})
			var files []string
			for i := range tt.files {
				// Two of the lines are the same.
				text := lines(track(1, fmt.Sprint("m", i)), "nonsense", " "+track(2, "bad")+" ", "nonsense", "", `{"type":"track","event":"Ping","userId":"7"}`, "{\"a\":\"\xff\"}")
				files = append(files, write(t, fmt.Sprint(i, ".jsonl"), text))
			}
			saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
			args := append([]string{"send", "--output=json", "--dead-letter", dead, "--checkpoint", saved}, files...)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			s := account(k)
			s.ctx = ctx // ends with a checkpoint at the first line
			s.run(t, args...).want(t, statusStopped)
			first := read(t, saved)
			account(k).run(t, args...).want(t, statusDeadLetters)
			want := codes(t, dead)
			if len(want) != 5*tt.files {
				t.Fatalf("dead letters %v", want)
			}

			whole := read(t, dead)
			for cut := len(whole); cut > 0; cut -= len(whole) / 7 {
				for name, text := range map[string]string{saved: first, dead: whole[:cut]} {
					if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				r := account(k).run(t, args...)
				r.want(t, statusDeadLetters, "Resuming at line 1")
				if got := r.counts(t)["dead_lettered"]; got != len(want) {
					t.Errorf("%d counted as dead letters, want %d", got, len(want))
				}
				got := wholeCodes(t, dead)
				slices.Sort(got)
				sorted := slices.Sorted(slices.Values(want))
				if diff := cmp.Diff(sorted, got); diff != "" {
					t.Errorf("after the first %d of %d bytes (-want +got)\n%s", cut, len(whole), diff)
				}
			}
		})
	}
}

// wholeCodes is codes without the records that were cut off.
func wholeCodes(t *testing.T, path string) (list []string) {
	t.Helper()
	for line := range strings.Lines(read(t, path)) {
		if letter, err := deadletter.Parse([]byte(line)); err == nil {
			list = append(list, fmt.Sprintf("%s:%d:%s", letter.File, letter.Line, letter.Error.Code))
		}
	}
	return list
}

// TestLettersThatAreNotThisDeliverys: what another left in the file takes no letter's place.
func TestLettersThatAreNotThisDeliverys(t *testing.T) {
	events := write(t, "events.jsonl", lines(track(1, "m1"), "nonsense", strings.Repeat("x", input.DefaultLimit+1)))
	saved, dead := progressFile(t), filepath.Join(t.TempDir(), "dead.jsonl")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := account(klaviyotest.New())
	s.ctx = ctx
	s.run(t, "send", "--no-dead-letter", "--checkpoint", saved, events).want(t, statusStopped)

	file, err := deadletter.Open(dead)
	if err != nil {
		t.Fatal(err)
	}
	others := []deadletter.Letter{
		{Line: 2, Event: []byte("other nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{Line: 2, Event: []byte("nonsense"), Error: deadletter.Error{Code: "other"}},
		{Line: 4, Event: []byte("nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{File: events, Line: 2, Event: []byte("nonsense"), Error: deadletter.Error{Code: "invalid_json"}},
		{Line: 3, Error: deadletter.Error{Code: "line_too_long"}},
	}
	for _, other := range others {
		if err := file.Write(other); err != nil {
			t.Fatal(err)
		}
	}
	file.Close()
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", dead, events).want(t, statusDeadLetters)
	if got := codes(t, dead)[len(others):]; !slices.Equal(got, []string{":2:invalid_json", ":3:line_too_long"}) {
		t.Errorf("dead letters %v", got)
	}
}

// TestCheckpointOfInputThatGrows has its writer in the middle of the last line.
func TestCheckpointOfInputThatGrows(t *testing.T) {
	k := klaviyotest.New()
	saved := progressFile(t)
	first := write(t, "first.jsonl", lines(track(1, "m0"), "nonsense"))
	events := write(t, "events.jsonl", track(1, "m1")+"\n\n"+track(1, "m2")[:20])
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	send := func() result {
		return account(k).run(t, "send", "--output=json", "--checkpoint", saved, "--dead-letter", dead, first, events)
	}
	for range 2 {
		r := send()
		r.want(t, statusStopped, "stopped at line 3 of "+events, "another program may still be writing it", "give the same command again")
		if got := r.counts(t); got["events"] != 4 || got["delivered"] != 2 || got["dead_lettered"] != 1 {
			t.Errorf("the line that isn't whole: %v", got)
		}
	}
	grow(t, events, track(1, "m2")[20:])
	r := send()
	r.want(t, statusDeadLetters, "Resuming at line 3 of "+events)
	if got := r.counts(t); got["events"] != 4 || got["delivered"] != 3 {
		t.Errorf("the line that was cut off: %v", got)
	}
	grow(t, events, lines("", track(1, "m3"), "nonsense"))
	send().want(t, statusDeadLetters)
	send().want(t, statusDeadLetters, "Nothing to send")
	if got := messageIDs(k); !slices.Equal(got, []string{"m0", "m1", "m2", "m3"}) {
		t.Errorf("events %v", got)
	}
	if got, want := codes(t, dead), []string{first + ":2:invalid_json", events + ":5:invalid_json"}; !slices.Equal(got, want) {
		t.Errorf("dead letters %v", got)
	}
}

// TestLastLineWithoutItsEnd is whole, or the last for good.
func TestLastLineWithoutItsEnd(t *testing.T) {
	half := track(1, "m2")[:20]
	for name, tt := range map[string]struct {
		text       string
		checkpoint bool
		status     int
		dead       int
	}{
		"whole":                     {track(1, "m1"), true, statusDone, 0},
		"whole, but can't be sent":  {`{"type":"track","userId":"7"}`, true, statusDeadLetters, 1},
		"cut":                       {half, true, statusStopped, 0},
		"cut, too long":             {strings.Repeat("x", input.DefaultLimit+1), true, statusStopped, 0},
		"cut, but ended":            {half + "\n", true, statusDeadLetters, 1},
		"cut, without a checkpoint": {half, false, statusDeadLetters, 1},
		"of a file that isn't last": {"", true, statusDeadLetters, 1},
		"blank":                     {track(1, "m1") + "\n  ", true, statusDone, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dead := filepath.Join(t.TempDir(), "dead.jsonl")
			args := []string{"send", "--dead-letter", dead}
			if tt.checkpoint {
				args = append(args, "--checkpoint", progressFile(t))
			}
			if tt.text == "" {
				args = append(args, write(t, "first.jsonl", half))
			}
			account(klaviyotest.New()).run(t, append(args, write(t, "events.jsonl", tt.text))...).want(t, tt.status)
			if got := codes(t, dead); len(got) != tt.dead {
				t.Errorf("dead letters %v", got)
			}
		})
	}
}

func grow(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

func TestCheckpointOfAnotherDelivery(t *testing.T) {
	first, second := write(t, "first.jsonl", lines(track(1, "m1"))), write(t, "second.jsonl", lines(track(1, "m2")))
	other := write(t, "other.jsonl", lines(track(1, "m3")))
	notRegular := pipe(t)
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"other file", []string{first, other}, "its input is " + second},
		{"other order", []string{second, first}, "its input is " + first},
		{"fewer files", []string{first}, "has 2 files, not 1"},
		{"more files", []string{first, second, other}, "has 2 files, not 3"},
		{"other mapping", []string{"--default-country=DE", first, second}, "the settings of the mapping have changed"},
		{"other server", []string{"--base-url=https://klaviyo.test", first, second}, "it belongs to a delivery to https://a.klaviyo.com, not to https://klaviyo.test"},
		{"simulation", []string{"--simulate", first, second}, "not to simulation"},
		{"standard input", nil, "standard input can't be read again"},
		{"standard input among files", []string{first, "-"}, "standard input can't be read again"},
		{"pipe", []string{notRegular}, "regular file"},
		{"first line", []string{"--from-line=2", first, second}, "--checkpoint and --from-line exclude each other"},
	}
	saved := progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint", saved, first, second).want(t, statusDone)
	before := read(t, saved)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New()
			r := account(k).run(t, append([]string{"send", "--no-dead-letter", "--checkpoint", saved}, tt.args...)...)
			r.want(t, statusUsage, tt.want)
			if len(k.Requests()) > 0 || read(t, saved) != before {
				t.Error("something was sent, or the checkpoint has changed")
			}
		})
	}
	account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint", saved, "--concurrency=2", "--output=json", first, second).want(t, statusDone, "Nothing to send")
}

func TestCheckpointOfAnotherKey(t *testing.T) {
	events, saved := write(t, "events.jsonl", lines(track(1, "m1"))), progressFile(t)
	args := []string{"send", "--no-dead-letter", "--checkpoint", saved, events}
	account(klaviyotest.New()).run(t, args...).want(t, statusDone)
	if text := read(t, saved); strings.Contains(text, key) {
		t.Error("the checkpoint has the key in it")
	}
	grow(t, events, lines(track(1, "m2")))

	k := klaviyotest.New()
	other := account(k)
	other.env = map[string]string{"KLAVIYO_API_KEY": "pk_another"}
	before := read(t, saved)
	other.run(t, args...).want(t, statusUsage, "another private key", "add --new-key once", "remove "+saved)
	if len(k.Requests()) > 0 || read(t, saved) != before {
		t.Error("something was sent, or the checkpoint has changed")
	}
	other.run(t, append(args, "--new-key")...).want(t, statusDone, "Resuming at line 2")
	other.run(t, args...).want(t, statusDone, "Nothing to send")
	if got := messageIDs(k); !slices.Equal(got, []string{"m2"}) {
		t.Errorf("events %v", got)
	}
	account(k).run(t, args...).want(t, statusUsage, "another private key")
}

// TestNewKeyIsNotInTheCommandThatGoesOn: it is given once.
func TestNewKeyIsNotInTheCommandThatGoesOn(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_another"))
	r := account(k).run(t, "send", "--no-dead-letter", "--new-key", "--checkpoint", progressFile(t), write(t, "events.jsonl", lines(track(1, "m1"))))
	r.want(t, statusStopped, "give the same command again")
	if _, args := r.resumption(t); slices.Contains(args, "--new-key") {
		t.Errorf("%q", args)
	}
}

func TestFileThatIsNoCheckpoint(t *testing.T) {
	events := write(t, "events.jsonl", lines(track(1, "m1")))
	for name, file := range map[string]string{
		"events":   write(t, "other.jsonl", lines(track(1, "m1"))),
		"empty":    write(t, "empty", ""),
		"version":  write(t, "version", `{"version":99,"input":[{}],"at":{"line":1}}`),
		"position": write(t, "position", `{"version":1,"input":[],"at":{"file":0,"line":1}}`),
		"device":   os.DevNull,
	} {
		t.Run(name, func(t *testing.T) {
			k := klaviyotest.New()
			account(k).run(t, "send", "--no-dead-letter", "--checkpoint", file, events).want(t, statusUsage, "not a checkpoint", file)
			if len(k.Requests()) > 0 {
				t.Error("something was sent")
			}
		})
	}
	if read(t, events) != lines(track(1, "m1")) {
		t.Error("the input has changed")
	}
}

func TestTwoRunsDoNotShareACheckpoint(t *testing.T) {
	events, saved := write(t, "events.jsonl", lines(track(1, "m1"))), progressFile(t)
	k := klaviyotest.New()
	var second result
	k.Inject(klaviyotest.Fault{When: func(*http.Request) bool {
		second = account(klaviyotest.New()).run(t, "send", "--no-dead-letter", "--checkpoint", saved, events)
		return true
	}})
	account(k).run(t, "send", "--no-dead-letter", "--checkpoint", saved, events).want(t, statusDone)
	second.want(t, statusStopped, "another run is under way")
}

func TestCheckpointThatCanNotBeWritten(t *testing.T) {
	var events []string
	for i := range 300 {
		events = append(events, track(1, fmt.Sprint("m", i)))
	}
	path := write(t, "events.jsonl", lines(events...))

	t.Run("at first", func(t *testing.T) {
		k := klaviyotest.New()
		missing := filepath.Join(t.TempDir(), "missing", "progress.json")
		account(k).run(t, "send", "--no-dead-letter", "--checkpoint", missing, path).want(t, statusStopped, missing)
		if len(k.Requests()) > 0 {
			t.Error("something was sent")
		}
	})
	t.Run("later", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			k.Inject(klaviyotest.Fault{Delay: 100 * time.Millisecond, Times: -1})
			saved := progressFile(t)
			// The temporary file can't be made where a folder has its name.
			obstacle := filepath.Join(filepath.Dir(saved), ".progress.json.tmp")
			before := make(chan string, 1)
			time.AfterFunc(3500*time.Millisecond, func() {
				before <- read(t, saved)
				if err := os.Mkdir(obstacle, 0o700); err != nil {
					t.Error(err)
				}
			})
			args := []string{"send", "--no-dead-letter", "--output=json", "--checkpoint", saved, path}
			r := account(k).run(t, args...)
			r.want(t, statusStopped, "keep the checkpoint", "give the same command again")
			if n := len(k.Requests()); n < 30 || n > 50 {
				t.Errorf("%d requests", n)
			}
			if read(t, saved) != <-before {
				t.Error("the checkpoint is not the one before")
			}
			if err := os.Remove(obstacle); err != nil {
				t.Fatal(err)
			}
			r = account(k).run(t, args...)
			r.want(t, statusDone)
			if got := messageIDs(k); len(got) != 300 || r.counts(t)["delivered"] != 300 {
				t.Errorf("%d of 300 events, %v", len(got), r.counts(t))
			}
		})
	})
}

func TestDeadLetterThatCanNotBeKeptHoldsTheCheckpoint(t *testing.T) {
	const full = "/dev/full" // takes no bytes
	if _, err := os.Stat(full); err != nil {
		t.Skip("this system has no " + full)
	}
	events, saved := write(t, "events.jsonl", lines("", "nonsense", track(1, "m2"))), progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", full, events).
		want(t, statusStopped, "stopped at line 2 of "+events, "no space left", "give the same command again")
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", dead, events).want(t, statusDeadLetters, "Resuming at line 2")
	if got := codes(t, dead); !slices.Equal(got, []string{":2:invalid_json"}) {
		t.Errorf("dead letters %v", got)
	}
}
