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
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
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
		r.want(t, statusDeadLetters, "Going on at line", second)
		want := map[string]int{"events": 203, "delivered": 201, "skipped": 1, "dead_lettered": 1}
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
		if !strings.Contains(r.stdout, `"seconds":0}`) {
			t.Errorf("it took time: %s", r.stdout)
		}
		if got := r.counts(t); len(k3.Requests()) > 0 || got["events"] != 203 || got["delivered"] != 201 {
			t.Errorf("%d requests, %v", len(k3.Requests()), got)
		}
	})
}

func TestCheckpointIsWrittenEachSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Delay: 1300 * time.Millisecond, Times: -1})
		saved := progressFile(t)
		var events []string
		for i := range 10 {
			events = append(events, track(1, fmt.Sprint("m", i)))
		}
		go account(k).run(t, "send", "--checkpoint", saved, write(t, "events.jsonl", lines(events...)))
		var got []int
		for range 5 {
			synctest.Wait()
			var c checkpoint.Checkpoint
			if err := json.Unmarshal([]byte(read(t, saved)), &c); err != nil {
				t.Fatal(err)
			}
			got = append(got, c.At.Line)
			time.Sleep(1001 * time.Millisecond)
		}
		if diff := cmp.Diff([]int{1, 1, 2, 3, 4}, got); diff != "" {
			t.Errorf("lines (-want +got)\n%s", diff)
		}
		time.Sleep(time.Minute)
	})
}

func TestCheckpointOfInputThatGrows(t *testing.T) {
	k := klaviyotest.New()
	saved := progressFile(t)
	events := write(t, "events.jsonl", lines(track(1, "m1"))+track(1, "m2")[:20])
	dead := filepath.Join(t.TempDir(), "dead.jsonl")
	send := func() result {
		return account(k).run(t, "send", "--output=json", "--checkpoint", saved, "--dead-letter", dead, events)
	}
	send().want(t, statusDeadLetters)
	grow(t, events, track(1, "m2")[20:])
	r := send()
	r.want(t, statusDone, "Going on at line 2")
	if got := r.counts(t); got["events"] != 1 || got["delivered"] != 1 {
		t.Errorf("the line that was cut off: %v", got)
	}
	grow(t, events, lines("", track(1, "m3")))
	r = send()
	r.want(t, statusDone)
	send().want(t, statusDone, "Nothing to send")
	if got := messageIDs(k); !slices.Equal(got, []string{"m1", "m2", "m3"}) {
		t.Errorf("events %v", got)
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
	notRegular := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(notRegular, 0o600); err != nil {
		t.Fatal(err)
	}
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
		{"other server", []string{"--base-url=https://klaviyo.test", first, second}, "it was delivered to https://a.klaviyo.com, not to https://klaviyo.test"},
		{"simulation", []string{"--simulate", first, second}, "not to simulation"},
		{"standard input", nil, "standard input can't be read again"},
		{"standard input among files", []string{first, "-"}, "standard input can't be read again"},
		{"pipe", []string{notRegular}, "regular file"},
		{"first line", []string{"--from-line=2", first, second}, "none of the others can be"},
	}
	saved := progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, first, second).want(t, statusDone)
	before := read(t, saved)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New()
			r := account(k).run(t, append([]string{"send", "--checkpoint", saved}, tt.args...)...)
			r.want(t, statusUsage, tt.want)
			if len(k.Requests()) > 0 || read(t, saved) != before {
				t.Error("something was sent, or the checkpoint has changed")
			}
		})
	}
	if strings.Contains(before, key) {
		t.Error("the checkpoint has the key in it")
	}
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--concurrency=2", "--output=json", first, second).want(t, statusDone, "Nothing to send")
}

func TestFileThatIsNoCheckpoint(t *testing.T) {
	events := write(t, "events.jsonl", lines(track(1, "m1")))
	for name, file := range map[string]string{
		"input":    events,
		"empty":    write(t, "empty", ""),
		"version":  write(t, "version", `{"version":99,"input":[{}],"at":{"line":1}}`),
		"position": write(t, "position", `{"version":1,"input":[],"at":{"file":0,"line":1}}`),
		"device":   os.DevNull,
	} {
		t.Run(name, func(t *testing.T) {
			k := klaviyotest.New()
			account(k).run(t, "send", "--checkpoint", file, events).want(t, statusUsage, "no checkpoint", file)
			if len(k.Requests()) > 0 {
				t.Error("something was sent")
			}
		})
	}
	if read(t, events) != lines(track(1, "m1")) {
		t.Error("the input has changed")
	}
	saved := progressFile(t)
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", saved, events).want(t, statusUsage, "is the checkpoint")
}

func TestTwoRunsDoNotShareACheckpoint(t *testing.T) {
	events, saved := write(t, "events.jsonl", lines(track(1, "m1"))), progressFile(t)
	k := klaviyotest.New()
	var second result
	k.Inject(klaviyotest.Fault{When: func(*http.Request) bool {
		second = account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, events)
		return true
	}})
	account(k).run(t, "send", "--checkpoint", saved, events).want(t, statusDone)
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
		account(k).run(t, "send", "--checkpoint", missing, path).want(t, statusStopped, missing)
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
			args := []string{"send", "--output=json", "--checkpoint", saved, path}
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
	account(klaviyotest.New()).run(t, "send", "--checkpoint", saved, "--dead-letter", dead, events).want(t, statusDeadLetters, "Going on at line 2")
	if got := codes(t, dead); !slices.Equal(got, []string{":2:invalid_json"}) {
		t.Errorf("dead letters %v", got)
	}
}
