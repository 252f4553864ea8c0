package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
	"github.com/rudderklaviyo/rudderklaviyo/openapi"
)

const (
	later  = "2023-06-15" // follows 2023-02-22, which the mapper and the client use
	theirs = "a sentence of theirs"
)

// made is a description that a test changes as if Klaviyo had published it.
type made struct {
	t    *testing.T
	root *yaml.Node
}

// newPublished returns the description of the latest revision before the given one, with
// sentences as in a published file.
func newPublished(t *testing.T, root, revision string) made {
	t.Helper()
	ours, err := readBefore(root, revision)
	if err != nil {
		t.Fatal(err)
	}
	p := made{t, ours.root}
	redate(p.root, ours.revision, revision)
	for _, op := range description.Operations(p.root) {
		description.Get(op.Node, "description").Value = theirs
		description.Get(op.Node, "summary").Value = theirs
	}
	return p
}

// object returns the object at the end of the keys.
func (p made) object(keys ...string) *yaml.Node {
	p.t.Helper()
	n := description.Get(p.root, keys...)
	if n == nil {
		p.t.Fatalf("the description has no %s", strings.Join(keys, "."))
	}
	return n
}

// attributes returns the object of a resource's attributes.
func (p made) attributes(schema string) *yaml.Node {
	p.t.Helper()
	return p.object("components", "schemas", schema, "properties", "attributes")
}

// rename renames a key of an object, or removes it if the new name is empty.
func rename(object *yaml.Node, key, name string) {
	for i := 0; i+1 < len(object.Content); i += 2 {
		switch {
		case object.Content[i].Value != key:
		case name == "":
			object.Content = slices.Delete(object.Content, i, i+2)
			return
		default:
			object.Content[i].Value = name
		}
	}
}

func scalar(value string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: value}
}

// file writes the description.
func (p made) file() string {
	p.t.Helper()
	data, err := description.Encode(p.root)
	if err != nil {
		p.t.Fatal(err)
	}
	name := filepath.Join(p.t.TempDir(), later+".yaml")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		p.t.Fatal(err)
	}
	return name
}

// newModule copies the module, except .git and testdata, so that a test can update it.
func newModule(t *testing.T) string {
	t.Helper()
	const from = "../.."
	root := t.TempDir()
	err := fs.WalkDir(os.DirFS(from), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(root, name), 0o755)
		}
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(root, name), data, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// contents are the files of a module.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(root, name))
		files[name] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// changed are the files that were added, changed or removed.
func changed(before, after map[string]string) []string {
	var names []string
	for name, data := range after {
		if was, ok := before[name]; !ok || was != data {
			names = append(names, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// needOasdiff skips a test if oasdiff isn't available, as offline with an empty cache.
func needOasdiff(t *testing.T) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "go", "run", oasdiff, "--version").CombinedOutput(); err != nil {
		t.Skipf("go run %s: %v\n%s", oasdiff, err, out)
	}
}

func goCommand(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// inOrder returns the first text that is missing after those before it, or "".
func inOrder(page string, texts []string) string {
	for _, text := range texts {
		_, rest, ok := strings.Cut(page, text)
		if !ok {
			return text
		}
		page = rest
	}
	return ""
}

// TestLaterRevision adds a revision that has a change of each kind.
func TestLaterRevision(t *testing.T) {
	needOasdiff(t)
	root := newModule(t)
	p := newPublished(t, root, later)

	rename(description.Get(p.attributes("ProfileCreateQueryResourceObject"), "properties"), "first_name", "given_name")

	event := p.attributes("EventCreateQueryResourceObject")
	properties, required := description.Get(event, "properties"), description.Get(event, "required")
	source := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Content: []*yaml.Node{scalar("type"), scalar("string"), scalar("description"), scalar(theirs)}}
	properties.Content = append(properties.Content, scalar("source"), source)
	required.Content = append(required.Content, scalar("source"))

	p.object("paths", "/api/profiles/", "post", limitExtension, "burst").Value = "7/s"
	p.object("paths", "/api/metrics/", "get", limitExtension, "steady").Value = "100000/m"
	scopes := p.object("paths", "/api/metrics/", "get", scopeExtension)
	scopes.Content = append(scopes.Content, scalar("accounts:read"))
	metrics := p.object("paths", "/api/metrics/", "get")
	description.Get(metrics, "operationId").Value = "read_metrics"
	metrics.Content = append(metrics.Content, scalar("x-klaviyo-operation-aliases"), &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{scalar("get_metrics")}})
	rename(p.object("paths"), "/api/profile-suppression-bulk-create-jobs/", "")
	rename(p.object("paths"), "/api/lists/", "/api/lists")

	before := contents(t, root)
	var out bytes.Buffer
	if err := run(t.Context(), root, p.file(), &out); err != nil {
		t.Fatal(err)
	}
	after := contents(t, root)

	t.Run("report", func(t *testing.T) {
		report := after["openapi/"+later+"/changes.md"]
		if !strings.Contains(out.String(), report) {
			t.Error("changes.md differs from the printed report")
		}
		if missing := inOrder(report, []string{
			"Rules of the mapper touched: createEvent2023, createProfile2023\n",
			"Calls touched: ", "API.CreateEvent", "API.CreateProfile", "API.GetMetrics", "API.SuppressProfiles",
			"## Breaking\n",
			"`create_event`, POST /api/events/: ", "required", "`data/attributes/source`", "call: API.CreateEvent\n", "mapper: createEvent2023 (mapper/revision_2023_02_22.go:",
			"`create_list`, POST /api/lists: was `create_list`, `POST /api/lists/`",
			"`create_profile`, POST /api/profiles/: ", "`data/attributes/first_name`", "call: API.CreateProfile\n", "mapper: createProfile2023 (mapper/revision_2023_02_22.go:",
			"`create_profile`, POST /api/profiles/: the burst limit changed from `75/s` to `7/s`",
			"`read_metrics`, GET /api/metrics/: was `get_metrics`, `GET /api/metrics/`\n  - call: API.GetMetrics\n",
			"`read_metrics`, GET /api/metrics/: the key needs the scope `accounts:read` now",
			"`suppress_profiles`, POST /api/profile-suppression-bulk-create-jobs/: ", "removed", "call: API.SuppressProfiles\n", "client/klaviyotest: ",
			"## Perhaps breaking\n",
			"## Harmless\n",
			"`create_profile`, POST /api/profiles/: ", "`data/attributes/given_name`",
			"`read_metrics`, GET /api/metrics/: the steady limit changed",
			"## Every fact that differs\n", ".properties.first_name: an object in ",
			"## Without a sentence\n", "properties.attributes.properties.source\n",
			"## The overlay\n",
			"'first_name','last_name','organization','title','image']` has 4 targets, and had 5\n",
			"SuppressionCreateJobCreateQueryResourceObject.properties.attributes` has no target and is left out\n",
		}); missing != "" {
			t.Errorf("the report lacks %q, or has it in another place:\n%s", missing, report)
		}
	})

	t.Run("files", func(t *testing.T) {
		want := []string{
			"generated/" + later + "/klaviyo/klaviyo.gen.go",
			"openapi/" + later + "/changes.md",
			"openapi/" + later + "/klaviyo.yaml",
			"openapi/" + later + "/oapi-codegen.yaml",
			"openapi/" + later + "/overlay.yaml",
		}
		if got := changed(before, after); !slices.Equal(got, want) {
			t.Errorf("written: %q, want %q", got, want)
		}
		for name, data := range after {
			if strings.Contains(name, later) && strings.Contains(data, theirs) {
				t.Errorf("%s has a sentence of the published file", name)
			}
		}
		if !strings.Contains(after["openapi/"+later+"/overlay.yaml"], "$.paths['/api/lists'].get.parameters[?@.name == 'fields[list]']") {
			t.Error("the overlay doesn't follow an operation that moved")
		}
		if !strings.Contains(after["openapi/"+later+"/oapi-codegen.yaml"], "- read_metrics\n") || !strings.Contains(after["generated/"+later+"/klaviyo/klaviyo.gen.go"], "func (a *API) ReadMetrics(") {
			t.Error("an operation that has another id isn't generated")
		}
	})

	t.Run("go generate", func(t *testing.T) {
		goCommand(t, root, "generate", "./...")
		if got := changed(after, contents(t, root)); len(got) > 0 {
			t.Errorf("go generate changes %q", got)
		}
		goCommand(t, root, "vet", "./generated/...", "./client", "./mapper")
	})

	t.Run("again", func(t *testing.T) {
		var out bytes.Buffer
		if err := run(t.Context(), root, p.file(), &out); err != nil || !strings.Contains(out.String(), "no difference to openapi/"+later) {
			t.Errorf("the second time: %v\n%s", err, &out)
		}
		if got := changed(after, contents(t, root)); len(got) > 0 {
			t.Errorf("the second time changes %q", got)
		}
	})
}

// TestAfterTheLatest adds a revision that has the same operations as the latest one.
func TestAfterTheLatest(t *testing.T) {
	needOasdiff(t)
	const next = "2099-06-15"
	latest := slices.Max(openapi.Revisions())
	root := newModule(t)
	before := contents(t, root)
	p := newPublished(t, root, next)
	var out bytes.Buffer
	if err := run(t.Context(), root, p.file(), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "# From "+latest+" to "+next) || !strings.Contains(out.String(), "Nothing changes but the revision.") {
		t.Errorf("printed %s", &out)
	}
	after := contents(t, root)
	for _, name := range changed(before, after) {
		if !strings.HasPrefix(name, "openapi/"+next+"/") && !strings.HasPrefix(name, "generated/"+next+"/") {
			t.Errorf("%s is changed", name)
		}
	}
	goCommand(t, root, "generate", "./...")
	if got := changed(after, contents(t, root)); len(got) > 0 {
		t.Errorf("go generate changes %q", got)
	}
	if generated := after["generated/"+next+"/klaviyo/klaviyo.gen.go"]; strings.Contains(generated, latest) || !strings.Contains(generated, `const Revision = "`+next+`"`) {
		t.Error("the generated package is of another revision")
	}
}

// TestGoesOver adds an unchanged revision, and sends with it. The only existing file that changes
// is the program's list of revisions.
func TestGoesOver(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the module")
	}
	needOasdiff(t)
	const next, list = "2099-06-15", "internal/command/revisions.go"
	latest := slices.Max(openapi.Revisions())
	root := newModule(t)
	before := contents(t, root)
	underscored := strings.NewReplacer("-", "_")
	if _, ok := before["mapper/revision_"+underscored.Replace(latest)+".go"]; !ok {
		t.Skipf("%s moved in and hasn't gone over yet", latest)
	}
	if err := run(t.Context(), root, newPublished(t, root, next).file(), io.Discard); err != nil {
		t.Fatal(err)
	}

	// Step 6 of docs/updating.md. The names in the files end in their revision's year, or in
	// its year and month.
	want := []string{list}
	ending := regexp.MustCompile(`([A-Za-z])20\d\d(\d\d)?\b`)
	for _, folder := range []string{"client", "client/klaviyotest", "mapper", "internal/delivery"} {
		from, to := folder+"/revision_"+underscored.Replace(latest)+".go", folder+"/revision_"+underscored.Replace(next)+".go"
		code := ending.ReplaceAllString(strings.ReplaceAll(before[from], latest, next), "${1}2099")
		writeFile(t, root, to, code)
		want = append(want, to)
	}
	line := regexp.MustCompile(`\t\{name: "` + latest + `", until: "[^"]*"\},\n`)
	writeFile(t, root, list, line.ReplaceAllString(before[list], "$0\t{name: \""+next+"\", until: \"2101-06-15\"},\n"))

	for _, name := range changed(before, contents(t, root)) {
		described := strings.HasPrefix(name, "openapi/"+next+"/") || strings.HasPrefix(name, "generated/"+next+"/")
		if i := slices.Index(want, name); i >= 0 {
			want = slices.Delete(want, i, i+1)
		} else if !described {
			t.Errorf("%s is changed", name)
		}
	}
	if len(want) > 0 {
		t.Errorf("unchanged: %q", want)
	}

	var events strings.Builder
	for i := range 200 {
		fmt.Fprintf(&events, `{"type":"track","event":"E","messageId":"m%d","context":{"traits":{"email":"p%d@example.com"}}}`+"\n", i, i)
	}
	writeFile(t, root, "tracks.jsonl", events.String())
	goCommand(t, root, "build", "-o", "rudderklaviyo", "./cmd/rudderklaviyo")
	for _, args := range [][]string{{"map"}, {"plan"}, {"send", "--simulate", "--output=json"}} {
		cmd := exec.CommandContext(t.Context(), filepath.Join(root, "rudderklaviyo"), append(args, "--revision="+next, "tracks.jsonl")...)
		cmd.Dir = root
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v\n%s", args, err, out)
		}
		var sum struct{ Delivered, Requests int }
		if args[0] == "send" && (json.Unmarshal(out, &sum) != nil || sum.Delivered != 200 || sum.Requests > 150) {
			t.Errorf("not in bulk: %s", out)
		}
	}
	goCommand(t, root, "test", ".", "./internal/command", "-run", "TestRevisions")
	goCommand(t, root, "test", "./internal/doctor", "-run", "TestLookAtKlaviyotest") // which reads accounts by the latest
}

func writeFile(t *testing.T, root, name, data string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(root, name), []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestNothingCompiles adds a revision from which no package can be generated until its overlay or
// the templates are fixed.
func TestNothingCompiles(t *testing.T) {
	needOasdiff(t)
	root := newModule(t)
	p := newPublished(t, root, later)
	// The templates add a method to CollectionLinks.
	rename(p.object("components", "schemas"), "CollectionLinks", "PageLinks")
	redate(p.root, "#/components/schemas/CollectionLinks", "#/components/schemas/PageLinks")

	before := contents(t, root)
	err := run(t.Context(), root, p.file(), new(bytes.Buffer))
	if err == nil || !strings.Contains(err.Error(), "mend openapi/"+later+"/overlay.yaml") || !strings.Contains(err.Error(), "CollectionLinks") {
		t.Errorf("got %v", err)
	}
	want := []string{
		"openapi/" + later + "/changes.md",
		"openapi/" + later + "/klaviyo.yaml",
		"openapi/" + later + "/oapi-codegen.yaml",
		"openapi/" + later + "/overlay.yaml",
	}
	if got := changed(before, contents(t, root)); !slices.Equal(got, want) {
		t.Errorf("written: %q, want %q", got, want)
	}
}

// TestUnreadableLimits checks that limits which the generated package can't read are reported.
func TestUnreadableLimits(t *testing.T) {
	ours, err := readBefore("../..", later)
	if err != nil {
		t.Fatal(err)
	}
	for burst, ok := range map[string]bool{"350/s": true, "1/h": true, "lots": false, "0/s": false, "-1/s": false, "350": false, "3.5/s": false, "": false} {
		p := newPublished(t, "../..", later)
		p.object("paths", "/api/events/", "post", limitExtension, "burst").Value = burst
		err := newSuccessor(ours, described{later, p.root}).checkLimits()
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "the burst limit of create_event") {
			t.Errorf("%q: %v", burst, err)
		}
	}
	p := newPublished(t, "../..", later)
	rename(p.object("paths", "/api/events/", "post"), limitExtension, "")
	if err := newSuccessor(ours, described{later, p.root}).checkLimits(); err == nil {
		t.Error("no error for an operation without limits")
	}
}
