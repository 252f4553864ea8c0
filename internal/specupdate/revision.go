package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// described is a description of a revision.
type described struct {
	revision string
	root     *yaml.Node
}

// dated matches a revision. Versions with a suffix aren't releases.
var dated = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// readPublished reads a file that Klaviyo publishes.
func readPublished(file string) (described, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return described{}, fmt.Errorf("%w: name the description that Klaviyo publishes, JSON or YAML", err)
	}
	root, err := description.Parse(data)
	if err != nil {
		return described{}, fmt.Errorf("%s: %w; name the description that Klaviyo publishes", file, err)
	}
	version := description.Get(root, "info", "version")
	if version == nil || !dated.MatchString(version.Value) {
		return described{}, fmt.Errorf("%s: info.version is no revision of Klaviyo's API, a date such as 2030-01-15; take the file of a released revision", file)
	}
	return described{version.Value, root}, nil
}

// module is the path that the generated packages begin with.
const module = "github.com/rudderklaviyo/rudderklaviyo"

// readBefore reads our description of a revision, or if there is none, of the latest one before
// it.
func readBefore(root, revision string) (described, error) {
	files, err := filepath.Glob(filepath.Join(root, "openapi", "*", "klaviyo.yaml"))
	if err != nil {
		return described{}, err
	}
	if len(files) == 0 {
		return described{}, errors.New("there is no openapi/REVISION/klaviyo.yaml here: run specupdate in the root of the module")
	}
	before := ""
	for _, file := range files {
		if r := filepath.Base(filepath.Dir(file)); r <= revision {
			before = r // Glob returns the names in order
		}
	}
	if before == "" {
		return described{}, fmt.Errorf("revision %s is older than each that is described: take a later one", revision)
	}
	file := filepath.Join(root, "openapi", before, "klaviyo.yaml")
	data, err := os.ReadFile(file)
	if err != nil {
		return described{}, err
	}
	ours, err := description.Parse(data)
	if err != nil {
		return described{}, fmt.Errorf("%s: %w", file, err)
	}
	return described{before, ours}, nil
}

// mayFollow returns an error if a revision can't be added after the one before it. A revision
// that is already described is compared, not written.
func mayFollow(root, before, revision string) error {
	if revision == before {
		return nil
	}
	for _, dir := range []string{"openapi", "generated"} {
		place := filepath.Join(root, dir, revision)
		switch _, err := os.Stat(place); {
		case err == nil:
			return fmt.Errorf("%s is there already: mend it by hand, or remove openapi/%[2]s and generated/%[2]s to begin again", place, revision)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
	}
	return nil
}

// successor is the revision that is added.
type successor struct {
	described           // reduced to our operations, in our words
	ours      described // the revision before it
	base      *yaml.Node
	moved     []move
	unworded  []string
	facts     []description.Difference
}

// move is an operation that has another method, path or id now.
type move struct {
	from, to description.Operation
}

// was is the id of an operation in the revision before.
func (s *successor) was(id string) string {
	for _, m := range s.moved {
		if m.to.ID == id {
			return m.from.ID
		}
	}
	return id
}

func newSuccessor(ours, published described) *successor {
	s := &successor{ours: ours}
	s.revision = published.revision
	dates := strings.NewReplacer(ours.revision, published.revision)
	narrowed := description.Narrow(published.root, ours.root)
	s.base, s.moved = follow(ours.root, narrowed)
	s.root, s.unworded = description.Reword(narrowed, s.base, dates)
	redate(s.base, ours.revision, published.revision)
	s.facts = description.Compare(s.base, s.root)
	return s
}

// follow copies our description and moves operations to their new paths and ids, so that their
// other changes can be compared.
func follow(ours, published *yaml.Node) (*yaml.Node, []move) {
	base := description.Clone(ours)
	now := description.Operations(published)
	var moved []move
	for _, op := range description.Operations(base) {
		to, ok := successorOf(op.ID, now)
		if !ok || to.ID == op.ID && to.Method == op.Method && to.Path == op.Path {
			continue
		}
		moved = append(moved, move{from: op, to: to})
		description.Move(base, op, to.Method, to.Path)
		description.Get(op.Node, "operationId").Value = to.ID
	}
	return base, moved
}

// successorOf is the operation of that id, else the one that had it before.
func successorOf(id string, now []description.Operation) (description.Operation, bool) {
	for _, op := range now {
		if op.ID == id {
			return op, true
		}
	}
	for _, op := range now {
		if op.Is(id) {
			return op, true
		}
	}
	return description.Operation{}, false
}

// redate replaces the revision where it is a whole value, so that it isn't reported as a change.
func redate(n *yaml.Node, from, to string) {
	if n.Kind == yaml.ScalarNode && n.Value == from {
		n.Value = to
	}
	for _, child := range n.Content {
		redate(child, from, to)
	}
}

// removed returns the ids of our operations that the successor lacks.
func (s *successor) removed() []string {
	there := make(map[string]bool)
	for _, op := range description.Operations(s.root) {
		there[s.was(op.ID)] = true
	}
	var gone []string
	for _, op := range description.Operations(s.ours.root) {
		if !there[op.ID] {
			gone = append(gone, op.ID)
		}
	}
	slices.Sort(gone)
	return gone
}
