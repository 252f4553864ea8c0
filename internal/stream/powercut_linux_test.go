package stream

import (
	"flag"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/cutdisk"
)

var cuts = flag.Int("cuts", 0, "how often the power of a disk is cut")

// TestPowerCutLosesNothing cuts the power of the disk several times while a process keeps
// messages on it.
func TestPowerCutLosesNothing(t *testing.T) {
	if *cuts == 0 {
		t.Skip("-cuts 100 cuts the power a hundred times, which takes a minute or two")
	}
	d := cutdisk.New(t)
	keepsAll(t, filepath.Join(d.Folder, "data"), *cuts, ending{
		stop: func(cmd *exec.Cmd) {
			d.Cut()
			cmd.Process.Kill()
		},
		ended: d.Restart,
	})
}
