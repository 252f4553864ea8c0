package flock

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestLocks(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	type lock func(*os.File) error
	tests := []struct {
		name          string
		first, second lock
		want          error
	}{
		{"two that share", Shared, Shared, nil},
		{"one for itself after one that shares", Shared, Exclusive, ErrLocked},
		{"one that shares after one for itself", Exclusive, Shared, ErrLocked},
		{"two for themselves", Exclusive, Exclusive, ErrLocked},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first, second := open(t, path), open(t, path)
			if err := tt.first(first); err != nil {
				t.Fatal(err)
			}
			if err := tt.second(second); !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if _, err := second.WriteString("text"); err != nil {
				t.Errorf("a lock keeps no other from writing: %v", err)
			}
			first.Close()
			if err := tt.second(second); err != nil {
				t.Errorf("after the first is gone: %v", err)
			}
		})
	}
}

func open(t *testing.T, path string) *os.File {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}
