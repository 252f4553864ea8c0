// Generate writes generated RudderStack events as JSON Lines, the same each time:
//
//	go run ./internal/sample/generate -n 100000 > events.jsonl
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/rudderklaviyo/rudderklaviyo/internal/sample"
)

func main() {
	n := flag.Int("n", 100_000, "`number` of events")
	seed := flag.Uint64("seed", 1, "`number` that other events grow from")
	flag.Parse()
	if flag.NArg() > 0 || *n < 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := sample.Write(os.Stdout, *seed, *n); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}
