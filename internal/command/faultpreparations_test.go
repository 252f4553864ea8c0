package command

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// retireForGood retires the revision permanently if there is a later one to continue with.
func retireForGood(_ *testing.T, d *delivering) {
	if _, ok := latestAfter(d.way.revision); ok {
		d.mend = func() { d.klaviyo.Retire(d.way.revision) }
	}
}

// thenServerErrors adds two server errors after the fault of the track.
func thenServerErrors(_ *testing.T, d *delivering) {
	fault := klaviyotest.ServerError()
	fault.Times = 2
	fault.When = func(req *http.Request) bool { return hasBody(req, idOnLine(trackLine)) }
	d.klaviyo.Inject(fault)
}

// mendAfter ends the fault after a duration.
func mendAfter(d time.Duration) func(*testing.T, *delivering) {
	return func(_ *testing.T, delivering *delivering) { time.AfterFunc(d, delivering.heal) }
}

// delayed delays the fault, so that other requests are in flight when the program sees it.
func delayed(fault klaviyotest.Fault) klaviyotest.Fault {
	fault.Delay = networkDelay
	return fault
}

const fullDisk = "/dev/full" // takes no bytes

// fillDeadLetters makes writes to the dead-letter file fail as on a full disk.
func fillDeadLetters(t *testing.T, d *delivering) {
	if _, err := os.Stat(fullDisk); err != nil {
		t.Skip("this system has no " + fullDisk)
	}
	if err := os.Symlink(fullDisk, d.dead); err != nil {
		t.Fatal(err)
	}
	d.mend = func() {
		if err := os.Remove(d.dead); err != nil {
			t.Error(err)
		}
	}
}

// moveDeadLetters moves the dead-letter file while the program has it open.
func moveDeadLetters(t *testing.T, d *delivering) {
	time.AfterFunc(second, func() {
		if err := os.Rename(d.dead, d.dead+".1"); err != nil {
			t.Error(err)
		}
	})
}

// cutInput cuts the last line of the input, as if another program were still writing it.
func cutInput(t *testing.T, d *delivering) {
	path := d.args[len(d.args)-1]
	whole := read(t, path)
	if err := os.WriteFile(path, []byte(whole[:len(whole)-20]), 0o600); err != nil {
		t.Fatal(err)
	}
	d.mend = func() { grow(t, path, whole[len(whole)-20:]) }
}

// blockCheckpoint makes a folder in the place of the checkpoint's next version, after some
// versions have been written.
func blockCheckpoint(t *testing.T, d *delivering) {
	d.klaviyo.Inject(klaviyotest.Fault{Delay: 2 * second, Times: -1})
	obstacle := filepath.Join(filepath.Dir(d.checkpoint), ".progress.json.tmp")
	time.AfterFunc(2500*time.Millisecond, func() {
		if err := os.Mkdir(obstacle, 0o700); err != nil {
			t.Error(err)
		}
	})
	d.mend = func() {
		if err := os.Remove(obstacle); err != nil {
			t.Error(err)
		}
	}
}

// interrupt cancels the run's context, as the signals do.
func interrupt(t *testing.T, d *delivering) {
	d.klaviyo.Inject(klaviyotest.Fault{Delay: second, Times: -1})
	ctx, cancel := context.WithCancel(t.Context())
	d.ctx = ctx
	time.AfterFunc(700*time.Millisecond, cancel)
	d.mend = func() { d.ctx = nil }
}
