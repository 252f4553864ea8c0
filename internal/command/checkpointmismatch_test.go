package command

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

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
				t.Error("a request was sent, or the checkpoint has changed")
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
		t.Error("a request was sent, or the checkpoint has changed")
	}
	other.run(t, append(args, "--new-key")...).want(t, statusDone, "Resuming at line 2")
	other.run(t, args...).want(t, statusDone, "Nothing to send")
	if got := messageIDs(k); !slices.Equal(got, []string{"m2"}) {
		t.Errorf("events %v", got)
	}
	account(k).run(t, args...).want(t, statusUsage, "another private key")
}

// TestNewKeyIsNotInTheCommandThatGoesOn checks that the printed command lacks --new-key, which is
// given only once.
func TestNewKeyIsNotInTheCommandThatGoesOn(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithKey("pk_another"))
	r := account(k).run(t, "send", "--no-dead-letter", "--new-key", "--checkpoint", progressFile(t), write(t, "events.jsonl", lines(track(1, "m1"))))
	r.want(t, statusStopped, "give the same command again")
	if _, args := r.resumption(t); slices.Contains(args, "--new-key") {
		t.Errorf("%q", args)
	}
}

func TestFileThatIsNotACheckpoint(t *testing.T) {
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
				t.Error("a request was sent")
			}
		})
	}
	if read(t, events) != lines(track(1, "m1")) {
		t.Error("the input has changed")
	}
}
