// Specupdate adds a later revision of Klaviyo's API to those in openapi/. FILE is the description
// that Klaviyo publishes.
//
//	go run ./internal/specupdate FILE
//
// It prints what changes for the operations of the latest revision before it, breaking changes
// first, and which rules of the mapper and calls of the client each change affects. It writes
// this report as openapi/REVISION/changes.md. It also writes the description, reduced to our
// operations and in our words, with the files that the generator needs, and
// generated/REVISION. It doesn't change existing files.
// docs/updating.md describes the steps before and after.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage, in the root of the module: go run ./internal/specupdate FILE")
		os.Exit(2)
	}
	if err := run(ctx, ".", os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "specupdate:", err)
		os.Exit(1)
	}
}

// run updates the module in root by the published file.
func run(ctx context.Context, root, file string, out io.Writer) error {
	published, err := readPublished(file)
	if err != nil {
		return err
	}
	ours, err := readBefore(root, published.revision)
	if err != nil {
		return err
	}
	if err := mayFollow(root, ours.revision, published.revision); err != nil {
		return err
	}
	next := newSuccessor(ours, published)
	if len(description.Operations(next.root)) == 0 {
		return fmt.Errorf("%s has none of our operations: is it the description of Klaviyo's API?", file)
	}
	report, err := next.report(ctx, root)
	if err != nil {
		return err
	}
	if published.revision == ours.revision {
		if len(next.facts) == 0 {
			fmt.Fprintf(out, "%s has no difference to openapi/%s. There is nothing to update.\n", file, ours.revision)
			return nil
		}
		fmt.Fprint(out, report)
		return fmt.Errorf("%s is of a revision that is described already, and differs: mend openapi/%s/klaviyo.yaml by the report above and run go generate ./...; nothing was written", file, ours.revision)
	}
	files, err := next.files(root, report)
	if err != nil {
		return err
	}
	out.Write(files["changes.md"])
	err = next.write(ctx, root, files)
	var generation *generationError
	switch {
	case errors.As(err, &generation):
		return fmt.Errorf("openapi/%[1]s is written, but what is generated of it is no use yet: mend openapi/%[1]s/overlay.yaml, and the templates if need be, then run go generate ./... and go build ./...: %[2]w", next.revision, err)
	case err != nil:
		return err
	}
	fmt.Fprintf(out, "\nWritten: openapi/%[1]s and generated/%[1]s. Go on with step 3 of docs/updating.md.\n", next.revision)
	return nil
}
