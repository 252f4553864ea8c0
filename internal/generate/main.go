// Generate makes the package of each revision that openapi/ describes, in the root of the
// module. It is what gen.go runs: a revision more is a folder more.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// generator makes a package, in the version that go.mod names.
const generator = "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func generate() error {
	described, err := filepath.Glob("openapi/*/oapi-codegen.yaml")
	if err != nil {
		return err
	}
	if len(described) == 0 {
		return errors.New("there is no openapi/REVISION/oapi-codegen.yaml here: run it in the root of the module")
	}
	for _, settings := range described {
		if err := generateOne(filepath.Dir(settings), settings); err != nil {
			return fmt.Errorf("%s: %w", settings, err)
		}
	}
	return nil
}

// generateOne makes the package of the revision that a folder describes.
func generateOne(folder, settings string) error {
	target := filepath.Join("generated", filepath.Base(folder), "klaviyo")
	if err := os.MkdirAll(target, 0o755); err != nil {
		return err
	}
	cut, err := cutToOperations(filepath.Join(folder, "klaviyo.yaml"), settings)
	if err != nil {
		return err
	}
	defer os.Remove(cut)
	cmd := exec.Command("go", "run", generator, "--config", settings, cut)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return err
	}
	return finishFile(filepath.Join(target, "klaviyo.gen.go"))
}

// cutToOperations writes the part of a description that the operations in the settings
// reach, and gives the file. Of a published description, which has them all, the
// generator would keep the components that refer to each other in a circle.
func cutToOperations(file, settings string) (string, error) {
	data, err := os.ReadFile(settings)
	if err != nil {
		return "", err
	}
	var options struct {
		Output struct {
			IDs []string `yaml:"include-operation-ids"`
		} `yaml:"output-options"`
	}
	if err := yaml.Unmarshal(data, &options); err != nil {
		return "", err
	}
	if data, err = os.ReadFile(file); err != nil {
		return "", err
	}
	root, err := description.Parse(data)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	if data, err = description.Encode(description.Cut(root, options.Output.IDs)); err != nil {
		return "", err
	}
	cut, err := os.CreateTemp("", "klaviyo-*.yaml")
	if err != nil {
		return "", err
	}
	_, err = cut.Write(data)
	return cut.Name(), errors.Join(err, cut.Close())
}
