package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// AdminTokenFile is the file in a data folder with the admin token that a server made.
func AdminTokenFile(dir string) string { return filepath.Join(dir, "admin-token") }

// ReadAdminToken reads the admin token of a file.
func ReadAdminToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	words := strings.Fields(string(text))
	if len(words) != 1 {
		return "", fmt.Errorf("%s has %d words: put one token in it", input.Name(file), len(words))
	}
	return words[0], nil
}

// adminToken reads the configured file, or makes a token for those who may read the data folder.
func (s *server) adminToken() (string, error) {
	switch {
	case s.cfg.AdminTokenFile != "":
		return ReadAdminToken(s.cfg.AdminTokenFile)
	case s.cfg.Dir == "":
		return "", nil
	}
	name := AdminTokenFile(s.cfg.Dir)
	token, err := ReadAdminToken(name)
	if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		return token, err
	}
	if err := stream.MakeFolder(s.cfg.Dir); err != nil {
		return "", err
	}
	file, err := atomicfile.Create(name, 0o600)
	if err != nil {
		return "", err
	}
	token = rand.Text()
	if _, err := file.Write([]byte(token + "\n")); err != nil {
		return "", errors.Join(err, file.Discard())
	}
	return token, file.Commit()
}
