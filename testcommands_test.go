package rudderklaviyo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testCommand = regexp.MustCompile("go test (\\./[^\\s`]*|\\.)(?:$|[` \n])([^`\n]*)")
	testPattern = regexp.MustCompile(`-(run|bench|fuzz) ('[^']*'|\S+)`)
	testFlag    = regexp.MustCompile(`(?:^| )-(update\S*|kills|cuts|hours)\b`)
	namedTest   = regexp.MustCompile("`((?:Test|Benchmark|Fuzz)[A-Z]\\w*)`")
	testFunc    = regexp.MustCompile(`(?m)^func ((?:Test|Benchmark|Fuzz)\w*)\(`)
)

// testPrefixes are the beginnings of the functions that a flag of go test selects.
var testPrefixes = map[string]string{"run": "Test", "bench": "Benchmark", "fuzz": "Fuzz"}

// TestTestCommands finds no command go test in the pages that selects nothing, because a test or
// a flag was renamed, and no name of a test that there isn't.
func TestTestCommands(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	everywhere := testSources(t, "*", "*/*", "*/*/*", "*/*/*/*")
	commands := 0
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		text := readPage(t, page)
		for _, found := range testCommand.FindAllStringSubmatch(text, -1) {
			command, folder, flags := found[0], found[1], found[2]
			if strings.HasSuffix(folder, "...") {
				continue
			}
			commands++
			source := testSources(t, filepath.Join(filepath.FromSlash(folder), "*"))
			if source == "" {
				t.Errorf("%s: %q: no tests there", page, command)
				continue
			}
			for _, pattern := range testPattern.FindAllStringSubmatch(flags, -1) {
				checkPattern(t, page+": "+command, source, testPrefixes[pattern[1]], strings.Trim(pattern[2], "'"))
			}
			for _, flag := range testFlag.FindAllStringSubmatch(flags, -1) {
				if !strings.Contains(source, `("`+flag[1]+`"`) {
					t.Errorf("%s: %q: no flag -%s", page, command, flag[1])
				}
			}
		}
		for _, name := range namedTest.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(everywhere, "func "+name[1]+"(") {
				t.Errorf("%s names %s, which isn't there", page, name[1])
			}
		}
	}
	if commands < 40 {
		t.Errorf("%d commands found", commands)
	}
}

// checkPattern has each alternative of a pattern select a function of the source. What follows a
// slash selects subtests, and ^$ nothing.
func checkPattern(t *testing.T, where, source, prefix, pattern string) {
	t.Helper()
	for part := range strings.SplitSeq(pattern, "|") {
		if part == "^$" {
			continue
		}
		function, _, _ := strings.Cut(part, "/")
		selects := regexp.MustCompile(function)
		matched := false
		for _, f := range testFunc.FindAllStringSubmatch(source, -1) {
			matched = matched || strings.HasPrefix(f[1], prefix) && selects.MatchString(f[1])
		}
		if !matched {
			t.Errorf("%s: %q selects nothing", where, part)
		}
	}
}

// testSources is the source of the tests in some folders.
func testSources(t *testing.T, folders ...string) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range folders {
		files, err := filepath.Glob(folder + "_test.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}
