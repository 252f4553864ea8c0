package stream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// mount mounts a disk at a folder. Only root can do that.
func mount(t *testing.T, dir string, flags uintptr, options string) {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Skip("a disk can't be mounted:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
}

// readOnly makes a folder one that can't be written, also by root.
func readOnly(t *testing.T, dir string) {
	if os.Geteuid() == 0 {
		mount(t, dir, syscall.MS_RDONLY, "")
	} else if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
}

// TestFullDisk fills the disk, makes room again, and counts.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mount(t, dir, 0, "size=40m")
	e := embed(t, filepath.Join(dir, "data"))
	a := account(t, e, Limits{})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 37<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	var kept []uint64
	message := make([]byte, 2000)
	for i := 0; ; i++ {
		seq, err := a.Publish(t.Context(), message, 1, fmt.Sprint(i))
		if errors.Is(err, ErrUnavailable) {
			t.Log(err)
			break
		}
		if err != nil || i == 10_000 {
			t.Fatalf("message %d: %v", i, err)
		}
		kept = append(kept, seq)
	}
	if err := e.Available(); !errors.Is(err, ErrUnavailable) {
		t.Errorf("the disk is full: %v", err)
	}
	if _, err := a.Publish(t.Context(), message, 1, "full"); !errors.Is(err, ErrUnavailable) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("%v doesn't say that the disk is full", err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	for deadline := soon(); e.Available() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(e.Available())
		}
	}
	last, err := a.Publish(t.Context(), message, 1, "room")
	if err != nil {
		t.Fatal(err)
	}
	there := map[uint64]bool{}
	for _, m := range read(t, a, 0, last) {
		there[m.Seq] = true
	}
	for _, seq := range kept {
		if !there[seq] {
			t.Errorf("message %d was acknowledged and is gone", seq)
		}
	}
	t.Logf("%d messages were kept before", len(kept))
}
