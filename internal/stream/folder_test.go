package stream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/flock"
)

func TestFolderThatCantBeUsed(t *testing.T) {
	write := func(t *testing.T, name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		prepare func(t *testing.T, dir string)
		want    string
	}{
		"another version": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "version"), "2\n") }, `it has version "2" and this program needs version 1`},
		"a NATS server's": {func(t *testing.T, dir string) { os.Mkdir(filepath.Join(dir, "jetstream"), 0o700) }, "a NATS server's data is there"},
		"in use":          {func(t *testing.T, dir string) { embed(t, dir) }, "another service is using it"},
		"a file": {func(t *testing.T, dir string) {
			os.Remove(dir)
			write(t, dir, "")
		}, "not a directory"},
		"read-only": {readOnly, "it can't be written"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "data")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			test.prepare(t, dir)
			e, err := Embed(EmbedConfig{Dir: dir})
			if err == nil {
				e.Close()
			}
			if !errors.Is(err, ErrSetup) || !strings.Contains(fmt.Sprint(err), "data folder "+dir+": ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if name == "in use" && !errors.Is(err, flock.ErrLocked) {
				t.Errorf("%v isn't %v", err, flock.ErrLocked)
			}
		})
	}
}
