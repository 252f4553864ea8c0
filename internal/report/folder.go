package report

import (
	"path/filepath"
	"slices"
	"strings"
)

// commonFolder returns the deepest folder that several files are in, with the separator behind
// it, or nothing.
func commonFolder(files []string) string {
	if len(files) < 2 {
		return ""
	}
	for folder := filepath.Dir(files[0]); ; folder = filepath.Dir(folder) {
		if folder == "." || folder == filepath.Dir(folder) {
			return ""
		}
		prefix := folder + string(filepath.Separator)
		if !slices.ContainsFunc(files, func(file string) bool { return !strings.HasPrefix(file, prefix) }) {
			return prefix
		}
	}
}

// within returns the name of a file in a folder.
func within(folder, file string) string { return strings.TrimPrefix(file, folder) }
