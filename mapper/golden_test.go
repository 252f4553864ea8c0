package mapper_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"sort"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

// TestGolden maps each testdata/golden/SECTION/CASE/event.json with the case's
// config.json, if there is one, and compares with its want.json. The sections are
// those of the mapping's reference, docs/mapping.md.
func TestGolden(t *testing.T) {
	events, err := filepath.Glob("testdata/golden/*/*/event.json")
	if err != nil {
		t.Fatal(err)
	}
	if len(events) == 0 {
		t.Fatal("no golden cases in testdata/golden")
	}
	for _, event := range events {
		dir := filepath.Dir(event)
		name, _ := filepath.Rel("testdata/golden", dir)
		t.Run(name, func(t *testing.T) {
			got := mapGolden(t, dir)
			wantFile := filepath.Join(dir, "want.json")
			if *update {
				writeGolden(t, wantFile, got)
			}
			var want golden
			decodeGolden(t, readFile(t, wantFile), &want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("want -, got +:\n%s", diff)
			}
		})
	}
}

func mapGolden(t *testing.T, dir string) golden {
	t.Helper()
	cfg := mapper.Config{}
	if data, err := os.ReadFile(filepath.Join(dir, "config.json")); err == nil {
		decodeGolden(t, data, &cfg)
	}
	cfg.Now = func() time.Time { return now }
	m, err := mapper.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Map(readFile(t, filepath.Join(dir, "event.json")))

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

func writeGolden(t *testing.T, name string, g golden) {
	t.Helper()
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(g); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
