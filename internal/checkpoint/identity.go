package checkpoint

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// headSize is the maximum number of bytes at the beginning of a file that identify it before
// any of it is done.
const headSize = 64 << 10

// Source identifies a file of the input.
type Source struct {
	// Name is the absolute path.
	Name string `json:"name"`
	// Size is its length in bytes when it was described.
	Size int64 `json:"size"`
	// Sum is the checksum of its first Summed bytes, which are those done and those at its
	// beginning. It covers the whole file if only a part of a compressed file or an array is
	// done.
	Sum    []byte `json:"sum"`
	Summed int64  `json:"summed"`
	// file is the file that had the name when it was described.
	file     fs.FileInfo
	checksum *checksum
}

// ErrNotRegular means that the input can't be read from a position.
var ErrNotRegular = errors.New("not a regular file")

// Describe describes the files of an input.
func Describe(files []string) ([]Source, error) {
	sources := make([]Source, len(files))
	for i, file := range files {
		var err error
		if sources[i], err = describe(file); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

func describe(file string) (Source, error) {
	name, err := filepath.Abs(file)
	if err != nil {
		return Source{}, err
	}
	info, err := os.Stat(file)
	if err != nil {
		return Source{}, err
	}
	if !info.Mode().IsRegular() {
		return Source{}, fmt.Errorf("%s: %w", input.Name(file), ErrNotRegular)
	}
	s := Source{Name: name, Size: info.Size(), file: info, checksum: new(checksum)}
	return s, s.updateSum(headSize)
}

// updateSum updates the checksum to the first size bytes, or fewer if the file is shorter.
func (s *Source) updateSum(size int64) error {
	f, err := os.Open(s.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(s.file, info) {
		return fmt.Errorf("%s has been replaced", s.Name)
	}
	size = min(size, info.Size())
	sum, err := s.checksum.of(f, size)
	if err != nil {
		return err
	}
	s.Sum, s.Summed = sum, size
	return nil
}

// updateFullSum updates the checksum to the whole file, for files without offsets. It excludes
// what may end the list, since more events may be appended there.
func (s *Source) updateFullSum() error {
	f, err := os.Open(s.Name)
	if err != nil {
		return err
	}
	defer f.Close()
	const most = 4 << 10
	end := make([]byte, min(s.Size, most))
	if _, err := f.ReadAt(end, s.Size-int64(len(end))); err != nil {
		return err
	}
	size := s.Size - int64(len(end)-len(bytes.TrimRight(end, "] \t\r\n")))
	if size <= s.Summed {
		return nil
	}
	return s.updateSum(size)
}

// Advance records the progress and updates the checksums. If a file is no longer there, its
// previous checksum stays, which is still valid.
func (c *Checkpoint) Advance(at input.Position, counts transfer.Counts) {
	for i := range at.File {
		if s := &c.Input[i]; s.Summed < s.Size {
			_ = s.updateSum(s.Size)
		}
	}
	s := &c.Input[at.File]
	switch {
	case at.Offset > s.Summed:
		_ = s.updateSum(at.Offset)
	case at.Offset == 0 && (at.Line > 1 || at.Event > 0):
		_ = s.updateFullSum()
	}
	c.At, c.Counts = at, counts
}

// Settings are the settings that determine what is sent, and where.
type Settings struct {
	BaseURL string `json:"base_url"`
	// Revision is the revision of Klaviyo's API.
	Revision string `json:"revision"`
	// Mapping is a checksum of the other settings of the mapping.
	Mapping []byte `json:"mapping"`
	// Key is a checksum of the private key with KeySalt. It identifies the key without
	// revealing it.
	Key     []byte `json:"key"`
	KeySalt []byte `json:"key_salt"`
}

// DescribeSettings returns the Settings.
func DescribeSettings(baseURL, key string, mapping mapper.Config) (Settings, error) {
	revision := cmp.Or(mapping.Revision, mapper.DefaultRevision())
	mapping.Revision = ""
	text, err := json.Marshal(mapping)
	if err != nil {
		return Settings{}, err
	}
	sum := sha256.Sum256(text)
	salt := []byte(rand.Text())
	return Settings{BaseURL: baseURL, Revision: revision, Mapping: sum[:], Key: keySum(salt, key), KeySalt: salt}, nil
}

func keySum(salt []byte, key string) []byte {
	sum := sha256.Sum256(append(salt[:len(salt):len(salt)], key...))
	return sum[:]
}

// ErrOtherKey means that the checkpoint was made with another private key.
var ErrOtherKey = errors.New("it was made with another private key")

// CheckKey returns [ErrOtherKey] if the checkpoint was made with another key, which may belong
// to the same account.
func (c *Checkpoint) CheckKey(key string) error {
	if subtle.ConstantTimeCompare(c.Settings.Key, keySum(c.Settings.KeySalt, key)) == 0 {
		return ErrOtherKey
	}
	return nil
}

// ErrOther means that the checkpoint is for other input or other settings.
var ErrOther = errors.New("the checkpoint belongs to another delivery")

// Check returns an error that says how the input or the settings differ from those of the
// checkpoint. The last file may have grown, the revision may be later, since Klaviyo retires
// the earlier ones first, and the key isn't checked. The checkpoint gets the current checksums.
func (c *Checkpoint) Check(now []Source, settings Settings) error {
	switch {
	case settings.BaseURL != c.Settings.BaseURL:
		return other("it belongs to a delivery to %s, not to %s", c.Settings.BaseURL, settings.BaseURL)
	case settings.Revision < c.Settings.Revision:
		return other("it was delivered in revision %s, which only a later one can continue, and %s is earlier: add --revision %[1]s", c.Settings.Revision, settings.Revision)
	case !bytes.Equal(settings.Mapping, c.Settings.Mapping):
		return other("the settings of the mapping have changed")
	case len(now) != len(c.Input):
		return other("its input has %d files, not %d", len(c.Input), len(now))
	}
	for i := range now {
		if err := c.checkSource(i, &now[i]); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checkpoint) checkSource(i int, now *Source) error {
	was := c.Input[i]
	last := i == len(c.Input)-1
	switch {
	case now.Name != was.Name:
		return other("its input is %s, not %s", input.Name(was.Name), input.Name(now.Name))
	case now.Size < was.Size || now.Size < was.Summed:
		return other("%s has become shorter", input.Name(now.Name))
	case now.Size > was.Size && !last:
		return other("%s has become longer; only the last file may", input.Name(now.Name))
	}
	if err := now.updateSum(was.Summed); err != nil {
		return err
	}
	if !bytes.Equal(now.Sum, was.Sum) {
		return other("%s has other content", input.Name(now.Name))
	}
	return nil
}

func other(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrOther, fmt.Sprintf(format, args...))
}

// Grown reports whether the input has grown since it was done.
func (c *Checkpoint) Grown(now []Source) bool {
	last := len(c.Input) - 1
	return now[last].Size > c.Input[last].Size
}
