package command

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/rudderklaviyo/rudderklaviyo/internal/atomicfile"
	"github.com/rudderklaviyo/rudderklaviyo/internal/checkpoint"
	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

// usedFile is a file that a command reads or writes.
type usedFile struct {
	role    string // for a person
	name    string
	written bool
	// stream is one that is open, in place of the name.
	stream any
}

// checkDistinct refuses a file that has two roles and is written in one, under
// whatever names: it would be overwritten, or have no end.
func (p Program) checkDistinct(files ...usedFile) error {
	files = append(files, usedFile{role: "standard output", stream: p.Stdout, written: true})
	for i, one := range files {
		for _, other := range files[i+1:] {
			if (one.written || other.written) && isSame(one, other) {
				return wrongUsage(fmt.Errorf("%s is %s too: %s", one.role, other.role, input.Name(cmp.Or(one.name, other.name))))
			}
		}
	}
	return nil
}

// deliveryFiles gives the files of a send.
func (p Program) deliveryFiles(settings settings, flags sendFlags, input []string) []usedFile {
	files := reportFiles(flags.report)
	if flags.deadLetter != "" {
		files = append(files, usedFile{role: "the file of --dead-letter", name: flags.deadLetter, written: true})
	}
	if name := flags.checkpoint; name != "" {
		files = append(files,
			usedFile{role: "the file of --checkpoint", name: name, written: true},
			usedFile{role: "the next version of the checkpoint", name: atomicfile.Temporary(name), written: true},
			usedFile{role: "the lock of the checkpoint", name: checkpoint.LockName(name), written: true})
	}
	return append(append(files, p.inputFiles(input)...), settings.files()...)
}

// files gives the file that the settings come from.
func (s settings) files() []usedFile {
	if s.config == "" {
		return nil
	}
	return []usedFile{{role: "the file of --config", name: s.config}}
}

// inputFiles gives the files that the events come from.
func (p Program) inputFiles(names []string) []usedFile {
	files := make([]usedFile, len(names))
	for i, name := range names {
		files[i] = usedFile{role: "the input", name: name}
		if name == input.Stdin {
			files[i] = usedFile{role: "the input", stream: p.Stdin}
		}
	}
	return files
}

// isSame tells whether two are the same file, or will be once they are there.
// Devices and pipes may be shared.
func isSame(a, b usedFile) bool {
	infoA, infoB := a.stat(), b.stat()
	if infoA != nil && infoB != nil {
		return infoA.Mode().IsRegular() && os.SameFile(infoA, infoB)
	}
	return infoA == nil && infoB == nil && a.stream == nil && b.stream == nil && target(a.name) == target(b.name)
}

// stat describes the file, or gives nil where there is none.
func (f usedFile) stat() fs.FileInfo {
	if f.stream == nil {
		info, err := os.Stat(f.name)
		if err != nil {
			return nil // to open it tells why
		}
		return info
	}
	file, ok := f.stream.(*os.File)
	if !ok {
		return nil
	}
	info, err := file.Stat()
	if err != nil {
		return nil
	}
	return info
}

// mostLinks bounds links to links.
const mostLinks = 40

// target is where the file with a name, which isn't there, would be made.
func target(name string) string {
	for range mostLinks {
		link, err := os.Readlink(name)
		if err != nil {
			break
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(name), link)
		}
		name = link
	}
	dir, base := filepath.Split(name)
	if real, err := filepath.EvalSymlinks(filepath.Clean(dir)); err == nil {
		dir = real
	}
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	return filepath.Join(dir, base)
}
