package checkpoint

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// headSize is how many bytes of a file's beginning tell it from others, at most.
const headSize = 64 << 10

// Source tells a file of the input from others.
type Source struct {
	// Name is the absolute path.
	Name string `json:"name"`
	// Size is how long it was, in bytes.
	Size int64 `json:"size"`
	// Head is the SHA-256 of its first HeadSize bytes.
	Head     string `json:"head"`
	HeadSize int64  `json:"head_size"`
}

// ErrNotRegular is the error of input that can't be read from a position.
var ErrNotRegular = errors.New("it is no regular file")

// Describe describes the files of an input.
func Describe(files []string) ([]Source, error) {
	sources := make([]Source, len(files))
	for i, file := range files {
		var err error
		if sources[i], err = describe(file); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	return sources, nil
}

func describe(file string) (Source, error) {
	name, err := filepath.Abs(file)
	if err != nil {
		return Source{}, err
	}
	info, err := os.Stat(name)
	if err != nil {
		return Source{}, err
	}
	if !info.Mode().IsRegular() {
		return Source{}, ErrNotRegular
	}
	size := min(info.Size(), headSize)
	sum, err := head(name, size)
	return Source{Name: name, Size: info.Size(), Head: sum, HeadSize: size}, err
}

// head is the checksum of the first bytes of a file.
func head(name string, size int64) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.CopyN(sum, f, size); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Settings are those that decide what is sent, and where.
type Settings struct {
	BaseURL string `json:"base_url"`
	// Mapping is a checksum of the settings of the mapping.
	Mapping string `json:"mapping"`
}

// DescribeSettings describes settings. It holds no key.
func DescribeSettings(baseURL string, mapping mapper.Config) (Settings, error) {
	text, err := json.Marshal(mapping)
	if err != nil {
		return Settings{}, err
	}
	sum := sha256.Sum256(text)
	return Settings{BaseURL: baseURL, Mapping: hex.EncodeToString(sum[:])}, nil
}

// ErrOther is the error of a checkpoint of other input or other settings.
var ErrOther = errors.New("the checkpoint is of another delivery")

// Check returns an error that says how the input or the settings aren't those of
// the checkpoint. The last file may have grown.
func (c *Checkpoint) Check(now []Source, settings Settings) error {
	switch {
	case settings.BaseURL != c.Settings.BaseURL:
		return other("it was delivered to %s, not to %s", c.Settings.BaseURL, settings.BaseURL)
	case settings.Mapping != c.Settings.Mapping:
		return other("the settings of the mapping have changed")
	case len(now) != len(c.Input):
		return other("its input has %d files, not %d", len(c.Input), len(now))
	}
	for i, source := range now {
		if err := c.checkSource(i, source); err != nil {
			return err
		}
	}
	return nil
}

func (c *Checkpoint) checkSource(i int, now Source) error {
	was := c.Input[i]
	last := i == len(c.Input)-1
	switch {
	case now.Name != was.Name:
		return other("its input is %s, not %s", was.Name, now.Name)
	case now.Size < was.Size || i == c.At.File && now.Size < c.At.Offset:
		return other("%s has become shorter", now.Name)
	case now.Size > was.Size && !last:
		return other("%s has become longer, which only the last file may", now.Name)
	}
	sum, err := head(now.Name, was.HeadSize)
	if err != nil {
		return err
	}
	if sum != was.Head {
		return other("%s has other content", now.Name)
	}
	if i == c.At.File {
		return c.checkLine(now.Name)
	}
	return nil
}

// checkLine makes sure that a line begins at the position.
func (c *Checkpoint) checkLine(name string) error {
	if c.At.Offset == 0 {
		return nil
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	before := make([]byte, 1)
	if _, err := f.ReadAt(before, c.At.Offset-1); err != nil {
		return err
	}
	atEnd := c.At.File < len(c.Input)-1 && c.At.Offset == c.Input[c.At.File].Size
	if before[0] != '\n' && !atEnd {
		return other("%s has other content", name)
	}
	return nil
}

func other(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrOther, fmt.Sprintf(format, args...))
}

// Grown tells whether there is more of the input than when it was done.
func (c *Checkpoint) Grown(now []Source) bool {
	last := len(c.Input) - 1
	return now[last].Size > c.Input[last].Size
}
