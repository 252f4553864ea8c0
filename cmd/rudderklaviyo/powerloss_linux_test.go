package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

// disk is an ext4 in a file, which can lose what it hasn't written.
type disk struct {
	t              *testing.T
	device, folder string
	isMounted      bool
}

// newDisk skips the test where there can be none.
func newDisk(t *testing.T) *disk {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("a disk whose power is cut needs root")
	}
	for _, tool := range []string{"mkfs.ext4", "losetup", "mount", "umount"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("a disk whose power is cut needs ", tool)
		}
	}
	image := filepath.Join(t.TempDir(), "disk")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(image, 1<<30); err != nil {
		t.Fatal(err)
	}
	d := &disk{t: t, folder: filepath.Join(t.TempDir(), "mounted")}
	if err := os.Mkdir(d.folder, 0o700); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("losetup", "--find", "--show", image).CombinedOutput()
	if err != nil {
		t.Skipf("a disk whose power is cut needs /dev/loop: %v: %s", err, said)
	}
	d.device = strings.TrimSpace(string(said))
	t.Cleanup(func() {
		d.unmount()
		d.run("losetup", "--detach", d.device)
	})
	d.run("mkfs.ext4", "-q", d.device)
	d.mount()
	return d
}

func (d *disk) run(name string, args ...string) {
	d.t.Helper()
	if said, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v: %s", name, err, said)
	}
}

func (d *disk) mount() {
	d.t.Helper()
	if said, err := exec.Command("mount", d.device, d.folder).CombinedOutput(); err != nil {
		d.t.Skipf("a disk whose power is cut has to be mounted: %v: %s", err, said)
	}
	d.isMounted = true
}

func (d *disk) unmount() {
	d.t.Helper()
	if d.isMounted {
		d.run("umount", d.folder)
		d.isMounted = false
	}
}

// cut loses what isn't on the disk at this moment, the file system's log included. A sync that
// is under way until it returns may succeed though what it synced is lost: the file system
// refuses to write first, and fails its log later. So what
// counts is what was acknowledged before, or begun afterwards: a plain program that appends and
// syncs loses its last line in one of ten cuts otherwise.
func (d *disk) cut() {
	d.t.Helper()
	const (
		shutdown      = 0x8004587d // EXT4_IOC_SHUTDOWN
		withoutTheLog = 2
	)
	folder, err := os.Open(d.folder)
	if err != nil {
		d.t.Fatal(err)
	}
	defer folder.Close()
	how := uint32(withoutTheLog)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, folder.Fd(), shutdown, uintptr(unsafe.Pointer(&how))); errno != 0 {
		d.t.Skip("the file system can't be shut down: ", errno)
	}
}

// TestPowerLoss cuts the power of the disk of a service under load.
func TestPowerLoss(t *testing.T) {
	t.Parallel()
	if *kills <= shortKills {
		t.Skip("-kills 40 cuts the power ten times, which takes a minute")
	}
	random := tortureRandom(t)
	d := newDisk(t)
	k, file := newRecorder(t), newAccountsFile(t)
	dir, address := filepath.Join(d.folder, "data"), servetest.Addresses(t, 1)[0]
	l := newLoad("http://" + address)
	revision := slices.Max(openapi.Revisions())
	l.of(random, "shop", file.add("shop", k.account("shop"), revision), 50, 300) // of which Klaviyo takes all in time
	s := asServe(t, "serve", "--config", file.path(), "--data-dir", dir, "--listen", address, "--base-url", k.url("serve"))
	s.start()
	cuts := max(1, *kills/4)
	for range cuts {
		before := l.acknowledged.Load()
		servetest.Eventually(t, "events are taken", func() bool { return l.acknowledged.Load() > before })
		time.Sleep(time.Second + time.Duration(random.Int64N(int64(2*time.Second))))
		l.duringCut(d.cut)
		time.Sleep(time.Duration(random.Int64N(int64(time.Second)))) // in which it learns that nothing can be kept
		s.kill()
		d.unmount()
		d.mount()
		s.start()
	}
	before := l.acknowledged.Load()
	servetest.Eventually(t, "events are taken", func() bool { return l.acknowledged.Load() > before })
	l.end()
	l.arrives(t, k)
	s.terminate()
	engine, err := stream.Embed(stream.EmbedConfig{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	dead, backlog := lettersOf(t, engine, "shop")
	engine.Close()
	if backlog.Events > 0 {
		t.Errorf("%d events wait", backlog.Events)
	}
	verdict(t, k, l, map[string]letters{"shop": dead})
	t.Logf("%d cuts, %d events acknowledged, %d attempts were repeated", cuts, l.acknowledged.Load(), l.repeated.Load())
}
