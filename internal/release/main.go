// Release writes what a release has beside the program: the completions of the shells and the
// manual pages. Both are made of the commands themselves, and none is committed.
//
//	go run ./internal/release FOLDER
//
// The pages have the date of SOURCE_DATE_EPOCH, in seconds since 1970, or else today's.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/rudderklaviyo/rudderklaviyo/internal/command"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: go run ./internal/release FOLDER")
		os.Exit(2)
	}
	if err := write(command.Root(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// completions gives each shell's by the name of the file that the shell looks for.
var completions = map[string]func(*cobra.Command, io.Writer) error{
	"rudderklaviyo.bash": func(c *cobra.Command, w io.Writer) error { return c.GenBashCompletionV2(w, true) },
	"_rudderklaviyo":     (*cobra.Command).GenZshCompletion,
	"rudderklaviyo.fish": func(c *cobra.Command, w io.Writer) error { return c.GenFishCompletion(w, true) },
	"rudderklaviyo.ps1":  (*cobra.Command).GenPowerShellCompletionWithDesc,
}

// write makes the folders completions and man in a folder.
func write(root *cobra.Command, folder string) error {
	shells, man := filepath.Join(folder, "completions"), filepath.Join(folder, "man")
	if err := errors.Join(os.MkdirAll(shells, 0o755), os.MkdirAll(man, 0o755)); err != nil {
		return err
	}
	for name, complete := range completions {
		file, err := os.Create(filepath.Join(shells, name))
		if err != nil {
			return err
		}
		if err := errors.Join(complete(root, file), file.Close()); err != nil {
			return err
		}
	}
	root.DisableAutoGenTag = true
	keepLines(root)
	command.NameVariables(root)
	return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "rudderklaviyo", Manual: "rudderklaviyo"}, man)
}

// keepLines has the pages show what the help indents line by line: it is taken for Markdown,
// which joins lines that are indented by fewer than four spaces.
func keepLines(cmd *cobra.Command) {
	cmd.Long = strings.ReplaceAll(cmd.Long, "\n  ", "\n      ")
	for _, child := range cmd.Commands() {
		keepLines(child)
	}
}
