package stream

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// keepIn makes the test's own binary a process that keeps messages in a folder.
const keepIn = "RUDDERKLAVIYO_TEST_KEEP_IN"

// keep publishes, saves its position and keeps letters until it is killed, and says what it
// got an acknowledgement for.
func keep(dir string) {
	ctx := context.Background()
	e, err := Embed(EmbedConfig{Dir: dir})
	check(err)
	a, err := e.Account(ctx, "shop-eu", Limits{})
	check(err)
	lease, err := a.Own(ctx, Claim{Owner: "it", Lease: time.Minute})
	check(err)
	fmt.Println("from", lease.Checkpoint().Position.Seq, "-")
	pid := os.Getpid()
	for p := range 8 {
		go func() {
			for i := 0; ; i++ {
				text := fmt.Sprint(pid, "-", p, "-", i)
				seq, err := a.Publish(ctx, []byte(text), 1, text)
				check(err)
				fmt.Println("message", seq, text)
			}
		}()
	}
	for seq := lease.Checkpoint().Position.Seq + 1; ; seq++ {
		check(a.KeepLetters(ctx, Letter{Code: "invalid", Seq: seq, Event: 1}))
		fmt.Println("letter", seq, "-")
		check(lease.Save(ctx, Checkpoint{Position: Position{Seq: seq, Event: 1}}))
		fmt.Println("position", seq, "-")
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// TestKilledProcessLosesNothing kills it several times while it keeps messages.
func TestKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	keepsAll(t, t.TempDir(), 4, ending{
		stop:   func(cmd *exec.Cmd) { cmd.Process.Kill() },
		counts: true,
		ended:  func() {},
	})
}

// ending is how a process ends that keeps messages.
type ending struct {
	stop   func(*exec.Cmd)
	counts bool // what it says from then on
	ended  func()
}

// keepsAll ends a process a number of times while it stores messages in a folder, and checks
// that all acknowledged messages are there.
func keepsAll(t *testing.T, dir string, times int, e ending) {
	t.Helper()
	messages, letters, position := map[uint64]string{}, map[uint64]bool{}, uint64(0)
	for i := range times {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), keepIn+"="+dir)
		cmd.Stderr = os.Stderr
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		said, enough := 0, 300+rand.IntN(400)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			var what, text string
			var seq uint64
			if _, err := fmt.Sscan(lines.Text(), &what, &seq, &text); err != nil {
				break // it was ended while it said so
			}
			if said++; said <= enough || e.counts {
				switch what {
				case "from":
					if seq < position {
						t.Errorf("time %d: the position is %d, and %d was saved", i, seq, position)
					}
				case "message":
					messages[seq] = text
				case "letter":
					letters[seq] = true
				case "position":
					position = seq
				}
			}
			if said == enough {
				e.stop(cmd)
			}
		}
		if err := cmd.Wait(); said < enough {
			t.Fatalf("the process ended after %d lines: %v", said, err)
		}
		e.ended()
	}

	a := account(t, embed(t, dir), Limits{})
	backlog, err := a.Backlog(t.Context())
	if err != nil || backlog.Events < len(messages) {
		t.Fatalf("%+v of %d, %v", backlog, len(messages), err)
	}
	kept := fmt.Sprintf("%d messages, %d letters, position %d", len(messages), len(letters), position)
	for _, m := range read(t, a, 0, uint64(backlog.Messages)) {
		if text, ok := messages[m.Seq]; ok && text != string(m.Data) {
			t.Errorf("message %d is %q, and %q was acknowledged", m.Seq, m.Data, text)
		}
		delete(messages, m.Seq)
	}
	for l, err := range a.Letters(t.Context(), "", 0) {
		if err != nil {
			t.Fatal(err)
		}
		delete(letters, l.Seq)
	}
	owner, err := a.Owner(t.Context())
	if err != nil || owner.Position.Seq < position || owner.Epoch != uint64(times) {
		t.Errorf("%+v, %v, want position %d", owner, err, position)
	}
	if len(messages) > 0 || len(letters) > 0 {
		t.Errorf("%d messages and %d letters are gone", len(messages), len(letters))
	}
	t.Logf("ended %d times: %s", times, kept)
}
