package mapper_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

var update = flag.Bool("update", false, "write the golden files anew")

// now is the clock of the golden cases.
var now = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// golden is what want.json holds: what an event became, without the messages.
type golden struct {
	MessageID string          `json:"message_id,omitempty"`
	Requests  []goldenRequest `json:"requests"`
	Warnings  []goldenProblem `json:"warnings,omitempty"`
	Error     *goldenProblem  `json:"error,omitempty"`
	Skipped   string          `json:"skipped,omitempty"`
}

type goldenRequest struct {
	Operation klaviyo.OperationID `json:"operation"`
	Method    string              `json:"method"`
	Path      string              `json:"path"`
	Body      any                 `json:"body"`
}

type goldenProblem struct {
	Code  mapper.Code `json:"code"`
	Field string      `json:"field"`
}

// goldenFile is testdata/golden/SECTION/RULE.txtar: a comment that says the rule, and the
// files of its cases, CASE/config.json where one is needed, CASE/event.json and
// CASE/want.json. The sections are those of the mapping's reference, docs/mapping.md.
type goldenFile struct {
	name  string // SECTION/RULE
	path  string
	rule  string
	cases []*goldenCase
}

type goldenCase struct {
	name                string
	config, event, want []byte
}

// goldenFiles reads the golden cases.
func goldenFiles(t testing.TB) []*goldenFile {
	t.Helper()
	paths, err := filepath.Glob("testdata/golden/*/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden cases in testdata/golden: %v", err)
	}
	var files []*goldenFile
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		file := &goldenFile{
			name: strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/golden/"), ".txtar"),
			path: path,
			rule: string(archive.Comment),
		}
		for _, part := range archive.Files {
			name, kind, _ := strings.Cut(part.Name, "/")
			if len(file.cases) == 0 || file.cases[len(file.cases)-1].name != name {
				file.cases = append(file.cases, &goldenCase{name: name})
			}
			c := file.cases[len(file.cases)-1]
			switch kind {
			case "config.json":
				c.config = part.Data
			case "event.json":
				c.event = part.Data
			case "want.json":
				c.want = part.Data
			default:
				t.Fatalf("%s: what is %s?", path, part.Name)
			}
		}
		files = append(files, file)
	}
	return files
}

// goldenEvents are the events of the golden cases.
func goldenEvents(t testing.TB) (events [][]byte) {
	t.Helper()
	for _, file := range goldenFiles(t) {
		for _, c := range file.cases {
			events = append(events, c.event)
		}
	}
	return events
}

// write puts the file in order, as it is after an update.
func (f *goldenFile) write(t *testing.T) {
	t.Helper()
	archive := txtar.Archive{Comment: []byte(f.rule)}
	for _, c := range f.cases {
		if c.config != nil {
			archive.Files = append(archive.Files, txtar.File{Name: c.name + "/config.json", Data: c.config})
		}
		archive.Files = append(archive.Files,
			txtar.File{Name: c.name + "/event.json", Data: c.event},
			txtar.File{Name: c.name + "/want.json", Data: c.want})
	}
	if err := os.WriteFile(f.path, txtar.Format(&archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGolden maps the event of each golden case with the case's config, and compares what
// it becomes.
func TestGolden(t *testing.T) {
	for _, file := range goldenFiles(t) {
		t.Run(file.name, func(t *testing.T) {
			if strings.TrimSpace(file.rule) == "" {
				t.Error("no comment says the rule")
			}
			seen := make(map[string]bool)
			for _, c := range file.cases {
				t.Run(c.name, func(t *testing.T) {
					if seen[c.name] || c.event == nil {
						t.Fatal("a case has one event, and its name but once")
					}
					seen[c.name] = true
					got := mapGolden(t, c)
					if *update {
						c.want = encodeGolden(t, got)
					}
					var want golden
					decodeGolden(t, c.want, &want)
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("want -, got +:\n%s", diff)
					}
				})
			}
			if *update {
				file.write(t)
			}
		})
	}
}

func mapGolden(t *testing.T, c *goldenCase) golden {
	t.Helper()
	cfg := mapper.Config{}
	if c.config != nil {
		decodeGolden(t, c.config, &cfg)
	}
	cfg.Now = func() time.Time { return now }
	m, err := mapper.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Map(c.event)

	got := golden{MessageID: result.MessageID, Requests: []goldenRequest{}, Skipped: string(result.Skipped)}
	for _, r := range result.Requests {
		op := r.Operation()
		body, err := json.Marshal(r.Body())
		if err != nil {
			t.Fatal(err)
		}
		request := goldenRequest{Operation: op.ID, Method: op.Method, Path: op.Path}
		decodeGolden(t, body, &request.Body)
		got.Requests = append(got.Requests, request)
	}
	for _, w := range result.Warnings {
		if w.Message == "" {
			t.Errorf("warning %s without a message", w.Code)
		}
		got.Warnings = append(got.Warnings, goldenProblem{w.Code, w.Field})
	}
	sortProblems(got.Warnings)
	if err != nil {
		var e *mapper.Error
		if !errors.As(err, &e) {
			t.Fatalf("Map returned a %T, not a *mapper.Error", err)
		}
		if e.Message == "" {
			t.Errorf("error %s without a message", e.Code)
		}
		got.Error = &goldenProblem{e.Code, e.Field}
	}
	return got
}

func sortProblems(problems []goldenProblem) {
	sort.Slice(problems, func(i, j int) bool {
		a, b := problems[i], problems[j]
		return a.Code < b.Code || a.Code == b.Code && a.Field < b.Field
	})
}

// decodeGolden keeps the digits of numbers and refuses unknown fields.
func decodeGolden(t *testing.T, data []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func encodeGolden(t *testing.T, g golden) []byte {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(g); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
