package rudderklaviyo_test

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	markdownLink = regexp.MustCompile(`\]\(([^)#\s]*)(?:#([^)\s]*))?\)`)
	heading      = regexp.MustCompile(`(?m)^#{1,6} (.+)$`)
	notInAnchor  = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
)

// TestLinks follows each link of the pages to a file here, and to a heading in it.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CHANGELOG.md", "CONTRIBUTING.md") {
		for _, link := range markdownLink.FindAllStringSubmatch(readPage(t, page), -1) {
			to, anchor := link[1], link[2]
			if strings.Contains(to, ":") {
				continue // another site
			}
			file := filepath.FromSlash(path.Join(path.Dir(filepath.ToSlash(page)), to))
			if to == "" {
				file = page
			}
			if _, err := os.Stat(file); err != nil {
				t.Errorf("%s links to %s: %v", page, to, err)
			} else if anchor != "" && !anchors(readPage(t, file))[anchor] {
				t.Errorf("%s links to the heading %s, which %s hasn't", page, anchor, file)
			}
		}
	}
}

// TestIndex finds no page that the README doesn't name.
func TestIndex(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := readPage(t, "README.md")
	for _, page := range pages {
		if !strings.Contains(readme, "]("+filepath.ToSlash(page)+")") {
			t.Errorf("README.md doesn't link to %s", page)
		}
	}
}

// anchors are the names of a page's headings, as GitHub makes them.
func anchors(page string) map[string]bool {
	names, seen := make(map[string]bool), make(map[string]int)
	for _, match := range heading.FindAllStringSubmatch(page, -1) {
		name := strings.ReplaceAll(notInAnchor.ReplaceAllString(strings.ToLower(match[1]), ""), " ", "-")
		n := seen[name]
		seen[name]++
		if n > 0 {
			name += "-" + strconv.Itoa(n)
		}
		names[name] = true
	}
	return names
}

func readPage(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
