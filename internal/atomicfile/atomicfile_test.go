package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/fulldisk"
)

// replace writes the new text, to a disk that has room for that many bytes if
// that isn't negative.
func replace(t *testing.T, name, text string, room int) error {
	t.Helper()
	f, err := Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if room >= 0 {
		f.disk = &fullDisk{f.disk, fulldisk.Room(room)}
	}
	_, err = f.Write([]byte(text))
	if err != nil {
		if full, ok := f.disk.(*fullDisk); ok {
			full.room = 100 // somebody made room: what is missing is missing all the same
		}
		f.Write([]byte("end"))
	}
	if got := f.Commit(); err == nil || got == nil {
		return got
	}
	return err
}

// fullDisk takes no more than that many bytes.
type fullDisk struct {
	osFile
	room fulldisk.Room
}

func (d *fullDisk) Write(p []byte) (int, error) { return d.room.Write(d.osFile, p) }

// failingDisk can't make sure that what was written stays.
type failingDisk struct{ osFile }

func (failingDisk) Sync() error { return syscall.EIO }

func want(t *testing.T, name, text string) {
	t.Helper()
	got, err := os.ReadFile(name)
	if err != nil || string(got) != text {
		t.Errorf("%q, %v, want %q", got, err, text)
	}
	entries, err := os.ReadDir(filepath.Dir(name))
	if err != nil || len(entries) != 1 {
		t.Errorf("%v beside it, %v", entries, err)
	}
}

func TestReplace(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first, and long", "second"} {
		if err := replace(t, name, text, -1); err != nil {
			t.Fatal(err)
		}
		want(t, name, text)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// TestAFolderIsNotReplaced says so before anything is written for nothing.
func TestAFolderIsNotReplaced(t *testing.T) {
	name := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(name, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(name, 0o600); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("%v", err)
	}
	if entries, err := os.ReadDir(filepath.Dir(name)); err != nil || len(entries) != 1 {
		t.Errorf("%v beside it, %v", entries, err)
	}
}

func TestOldFileStaysUntilTheNewOneIsWhole(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := replace(t, name, "old", -1); err != nil {
		t.Fatal(err)
	}
	for room := range len("new file") {
		if err := replace(t, name, "new file", room); !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("with room for %d bytes: %v", room, err)
		}
		want(t, name, "old")
	}

	f, err := Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	f.disk = failingDisk{f.disk}
	if err := f.Commit(); !errors.Is(err, syscall.EIO) {
		t.Errorf("Commit: %v", err)
	}
	want(t, name, "old")
}

func TestWhatADeadProgramLeftIsWrittenOver(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(Temporary(name), []byte("a longer text that was cut o"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, name, "new", -1); err != nil {
		t.Fatal(err)
	}
	want(t, name, "new")
	if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" {
		t.Errorf("%v, %v: the file has the permissions of the one that was left", info.Mode(), err)
	}
}

func TestLinkStays(t *testing.T) {
	name, link := filepath.Join(t.TempDir(), "file"), filepath.Join(t.TempDir(), "link")
	if err := errors.Join(replace(t, name, "old", -1), os.Symlink(name, link)); err != nil {
		t.Fatal(err)
	}
	if err := replace(t, link, "new", -1); err != nil {
		t.Fatal(err)
	}
	want(t, name, "new")
	want(t, link, "new")
}
