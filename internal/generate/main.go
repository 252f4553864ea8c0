// Generate makes the package of each revision that openapi/ describes, in the root of the
// module. It is what gen.go runs: a revision more is a folder more.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
		folder := filepath.Dir(settings)
		if err := os.MkdirAll(filepath.Join("generated", filepath.Base(folder), "klaviyo"), 0o755); err != nil {
			return err
		}
		cmd := exec.Command("go", "run", generator, "--config", settings, filepath.Join(folder, "klaviyo.yaml"))
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", folder, err)
		}
	}
	return nil
}
