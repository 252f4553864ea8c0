package cutdisk

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// Disk is an ext4 in a file, which can lose what it hasn't written.
type Disk struct {
	// Folder is where it is mounted.
	Folder string

	t         testing.TB
	device    string
	isMounted bool
}

// New makes a disk of 1 GiB. It skips the test where there can be none.
func New(t testing.TB) *Disk {
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
	d := &Disk{t: t, Folder: filepath.Join(t.TempDir(), "mounted")}
	if err := os.Mkdir(d.Folder, 0o700); err != nil {
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

func (d *Disk) run(name string, args ...string) {
	d.t.Helper()
	if said, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		d.t.Fatalf("%s: %v: %s", name, err, said)
	}
}

func (d *Disk) mount() {
	d.t.Helper()
	if said, err := exec.Command("mount", d.device, d.Folder).CombinedOutput(); err != nil {
		d.t.Skipf("a disk whose power is cut has to be mounted: %v: %s", err, said)
	}
	d.isMounted = true
}

func (d *Disk) unmount() {
	d.t.Helper()
	if d.isMounted {
		d.run("umount", d.Folder)
		d.isMounted = false
	}
}

// Cut loses what isn't on the disk at this moment, the file system's log included. While it is
// under way a sync may succeed though what it synced is lost: the file system refuses to write
// first, and fails its log later. So what counts is what was acknowledged before it began, or
// asked for after it returned.
func (d *Disk) Cut() {
	d.t.Helper()
	const (
		shutdown      = 0x8004587d // EXT4_IOC_SHUTDOWN
		withoutTheLog = 2
	)
	folder, err := os.Open(d.Folder)
	if err != nil {
		d.t.Fatal(err)
	}
	defer folder.Close()
	how := uint32(withoutTheLog)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, folder.Fd(), shutdown, uintptr(unsafe.Pointer(&how))); errno != 0 {
		d.t.Skip("the file system can't be shut down: ", errno)
	}
}

// Restart gives back what was on the disk. No file may be open any more.
func (d *Disk) Restart() {
	d.t.Helper()
	d.unmount()
	d.mount()
}
