package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// generationError means that a description was written, but no package that compiles can be
// generated from it.
type generationError struct{ error }

func (e *generationError) Unwrap() error { return e.error }

// write adds the revision. Everything is made in a temporary folder, and moved when it is complete.
// If no package can be generated, only the description is moved, and write returns a
// generationError.
func (s *successor) write(ctx context.Context, root string, files map[string][]byte) error {
	staging, err := os.MkdirTemp(root, ".specupdate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	described := filepath.Join("openapi", s.revision)
	generated := filepath.Join("generated", s.revision)
	if err := os.MkdirAll(filepath.Join(staging, described), 0o755); err != nil {
		return err
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(staging, described, name), data, 0o644); err != nil {
			return err
		}
	}
	generation := s.generate(ctx, root, staging)
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := os.Rename(filepath.Join(staging, described), filepath.Join(root, described)); err != nil {
		return err
	}
	if generation == nil {
		if err := os.Rename(filepath.Join(staging, generated), filepath.Join(root, generated)); err != nil {
			return err
		}
	}
	if generation != nil {
		return &generationError{generation}
	}
	return nil
}

// files returns the files of openapi/REVISION by name, made from those of the revision before it;
// report is the report for people.
func (s *successor) files(root, report string) (map[string][]byte, error) {
	beside := filepath.Join(root, "openapi", s.ours.revision)
	actions, err := os.ReadFile(filepath.Join(beside, "overlay.yaml"))
	if err != nil {
		return nil, err
	}
	settings, err := os.ReadFile(filepath.Join(beside, "oapi-codegen.yaml"))
	if err != nil {
		return nil, err
	}
	described, err := description.Encode(s.root)
	if err != nil {
		return nil, err
	}
	carried, remarks, err := s.carryOverlay(actions)
	if err != nil {
		return nil, err
	}
	if len(remarks) > 0 {
		report += fmt.Sprintf("\n## The overlay\n\nActions of openapi/%s/overlay.yaml that don't find all they found. See whether what\nthey are for is needed elsewhere now.\n\n- %s\n", s.ours.revision, strings.Join(remarks, "\n- "))
	}
	return map[string][]byte{
		"klaviyo.yaml":      described,
		"overlay.yaml":      carried,
		"oapi-codegen.yaml": s.carrySettings(settings),
		"changes.md":        []byte(report),
	}, nil
}

// carrySettings puts the new revision and operation ids into the generator's settings, without the
// removed operations.
func (s *successor) carrySettings(data []byte) []byte {
	removed := s.removed()
	lines := strings.Split(strings.ReplaceAll(string(data), s.ours.revision, s.revision), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool {
		id, isItem := strings.CutPrefix(strings.TrimSpace(line), "- ")
		return isItem && slices.Contains(removed, id)
	})
	for _, m := range s.moved {
		for i, line := range lines {
			if strings.TrimSpace(line) == "- "+m.from.ID {
				lines[i] = strings.Replace(line, m.from.ID, m.to.ID, 1)
			}
		}
	}
	return []byte(strings.Join(lines, "\n"))
}

// generate makes the package in a folder that holds the description, and compiles it as
// if it stood where it belongs, beside what it imports.
func (s *successor) generate(ctx context.Context, root, staging string) error {
	if err := s.checkLimits(); err != nil {
		return err
	}
	module, err := filepath.Abs(root)
	if err != nil {
		return err
	}
	if staging, err = filepath.Abs(staging); err != nil {
		return err
	}
	if err := os.CopyFS(filepath.Join(staging, "openapi", "templates"), os.DirFS(filepath.Join(root, "openapi", "templates"))); err != nil {
		return err
	}
	file := filepath.Join("generated", s.revision, "klaviyo", "klaviyo.gen.go")
	if err := os.MkdirAll(filepath.Dir(filepath.Join(staging, file)), 0o755); err != nil {
		return err
	}
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{
		filepath.Join(module, file): filepath.Join(staging, file),
	}})
	if err != nil {
		return err
	}
	inPlace := filepath.Join(staging, "overlay.json")
	if err := os.WriteFile(inPlace, overlay, 0o600); err != nil {
		return err
	}
	binary := filepath.Join(staging, "generator")
	for _, command := range []struct {
		dir  string
		args []string
	}{
		{module, []string{"go", "build", "-o", binary, "./internal/generate"}},
		{staging, []string{binary}},
		{module, []string{"go", "build", "-overlay", inPlace, "./generated/" + s.revision + "/klaviyo"}},
	} {
		cmd := exec.CommandContext(ctx, command.args[0], command.args[1:]...)
		cmd.Dir = command.dir
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", filepath.Base(command.args[0]), err, out)
		}
	}
	return nil
}
