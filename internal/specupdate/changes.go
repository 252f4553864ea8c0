package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// oasdiff reports which changes of a description break its callers. It is run, not imported, so
// that the module doesn't get its many dependencies.
const oasdiff = "github.com/oasdiff/oasdiff@v1.36.0"

// severity is the severity of a change.
type severity int

const (
	breaking severity = iota
	perhapsBreaking
	harmless
)

// part is the part of a call that a change is in.
type part int

const (
	whole part = iota
	parameters
	request
	answer
	beside // limits and scopes
)

// change is one change of an operation.
type change struct {
	severity  severity
	operation string // its id
	call      string // its method and path
	text      string
	part      part
	place     []string // the path of field names to it, in a request or a response
}

// changes returns the changes of our operations, breaking changes first.
func (s *successor) changes(ctx context.Context) ([]change, error) {
	all, err := s.oasdiffChanges(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range s.moved {
		all = append(all, change{
			severity: breaking, operation: m.to.ID, call: callOf(m.to),
			text: fmt.Sprintf("was `%s`, `%s`", m.from.ID, callOf(m.from)),
		})
	}
	all = append(all, s.limitAndScopeChanges()...)
	slices.SortStableFunc(all, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.severity, b.severity), strings.Compare(a.operation, b.operation))
	})
	return all, nil
}

func callOf(op description.Operation) string {
	return strings.ToUpper(op.Method) + " " + op.Path
}

// oasdiffChanges returns the changes of paths, parameters, bodies and responses.
func (s *successor) oasdiffChanges(ctx context.Context) ([]change, error) {
	dir, err := os.MkdirTemp("", "specupdate")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for name, root := range map[string]*yaml.Node{"base.yaml": s.base, "next.yaml": s.root} {
		data, err := description.Encode(root)
		if err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, err
		}
	}
	cmd := exec.CommandContext(ctx, "go", "run", oasdiff, "changelog", "--format=json", "--flatten-allof", "base.yaml", "next.yaml")
	cmd.Dir = dir // where it finds no settings
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	data, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go run %s: %w (the first run needs Go's module proxy)\n%s", oasdiff, err, &stderr)
	}
	return parseChangelog(data)
}

// parseChangelog reads the changelog of oasdiff.
func parseChangelog(data []byte) ([]change, error) {
	var entries []struct {
		ID, Text, Operation, OperationID, Path string
		Level                                  int
	}
	if err := json.Unmarshal(data, &entries); err != nil {
		return nil, fmt.Errorf("the output of oasdiff: %w", err)
	}
	var all []change
	for _, e := range entries {
		if e.OperationID == "" {
			continue // a component: its operations have the change, too
		}
		c := change{
			severity:  severityOf(e.ID, e.Level),
			operation: e.OperationID,
			call:      e.Operation + " " + e.Path,
			text:      e.Text,
			part:      partOf(e.ID),
		}
		if c.part != whole {
			c.place = placeIn(e.Text, c.part)
		}
		all = append(all, c)
	}
	return all, nil
}

// severityOf maps the level of oasdiff: 3 is an error and 2 a warning. A removed field or
// parameter is always breaking, since the generated types lose it.
func severityOf(id string, level int) severity {
	switch {
	case level >= 3, strings.HasSuffix(id, "-property-removed"), strings.HasSuffix(id, "-parameter-removed"):
		return breaking
	case level == 2:
		return perhapsBreaking
	}
	return harmless
}

func partOf(id string) part {
	switch {
	case strings.Contains(id, "parameter"):
		return parameters
	case strings.Contains(id, "request"):
		return request
	case strings.Contains(id, "response"):
		return answer
	}
	return whole
}

var (
	quoted     = regexp.MustCompile("`([^`]*)`")
	inBranches = regexp.MustCompile(`(allOf|oneOf|anyOf)\[[^\]]*\]/|\bitems(/|$)`)
	body       = regexp.MustCompile(`^(data|included|links)(/|$)`)
)

// placeIn finds the place in the text of a change: a parameter is the last text in backquotes, and
// a field of a body is a path such as data/attributes/email.
func placeIn(text string, p part) []string {
	var place []string
	for _, match := range quoted.FindAllStringSubmatch(text, -1) {
		switch name := match[1]; {
		case p == parameters:
			place = []string{name}
		case body.MatchString(name):
			return strings.Split(strings.Trim(inBranches.ReplaceAllString(name, ""), "/"), "/")
		}
	}
	return place
}

// extensions are facts that aren't part of a call: limits and the scopes of a key.
const (
	limitExtension = "x-klaviyo-ratelimit"
	scopeExtension = "x-klaviyo-scopes"
)

// limitAndScopeChanges returns the changes in Klaviyo's extensions.
func (s *successor) limitAndScopeChanges() []change {
	now := make(map[string]description.Operation)
	for _, op := range description.Operations(s.root) {
		now[op.ID] = op
	}
	var all []change
	for _, before := range description.Operations(s.base) {
		after, ok := now[before.ID]
		if !ok {
			continue
		}
		add := func(severity severity, format string, args ...any) {
			all = append(all, change{severity: severity, operation: after.ID, call: callOf(after), part: beside, text: fmt.Sprintf(format, args...)})
		}
		for _, window := range []string{"burst", "steady", "daily"} {
			was, is := text(before.Node, limitExtension, window), text(after.Node, limitExtension, window)
			if was != is {
				add(limitSeverity(window, was, is), "the %s limit changed from `%s` to `%s`", window, was, is)
			}
		}
		was, is := values(before.Node, scopeExtension), values(after.Node, scopeExtension)
		for _, scope := range is {
			if !slices.Contains(was, scope) {
				add(breaking, "the key needs the scope `%s` now", scope)
			}
		}
		for _, scope := range was {
			if !slices.Contains(is, scope) {
				add(harmless, "the key needs the scope `%s` no more", scope)
			}
		}
	}
	return all
}

// readable matches a limit that a generated package can read.
var readable = regexp.MustCompile(`^[1-9][0-9]*/[smhd]$`)

// checkLimits returns an error for the first limit that the generated package can't read. The
// package would compile, and panic in every program that imports it.
func (s *successor) checkLimits() error {
	for _, op := range description.Operations(s.root) {
		for _, window := range []string{"burst", "steady", "daily"} {
			is := text(op.Node, limitExtension, window)
			if window == "daily" && is == none {
				continue
			}
			if !readable.MatchString(is) {
				return fmt.Errorf("the %s limit of %s (%s) is %s, and has to be calls in a second, minute, hour or day, such as 350/s", window, op.ID, limitExtension, is)
			}
		}
	}
	return nil
}

// limitSeverity returns the severity of a change of a limit: higher if the limit is lower now, or
// can't be compared.
func limitSeverity(window, was, is string) severity {
	if window == "daily" && is == none {
		return harmless
	}
	before, unit, _ := strings.Cut(was, "/")
	after, unitNow, _ := strings.Cut(is, "/")
	b, err := strconv.Atoi(before)
	a, errNow := strconv.Atoi(after)
	if err == nil && errNow == nil && unit == unitNow && a > b {
		return harmless
	}
	return breaking
}

// none stands for a missing value.
const none = "none"

func text(n *yaml.Node, keys ...string) string {
	if n = description.Get(n, keys...); n != nil {
		return n.Value
	}
	return none
}

func values(n *yaml.Node, key string) []string {
	list := description.Get(n, key)
	if list == nil {
		return nil
	}
	var all []string
	for _, item := range list.Content {
		all = append(all, item.Value)
	}
	return all
}
