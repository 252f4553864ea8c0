package command

import (
	"io"
	"slices"
	"strings"
	"testing"
)

func TestEveryCommandLimitsItsMemory(t *testing.T) {
	for _, cmd := range (Program{}).rootCommand().Commands() {
		if cmd.Name() == "version" { // it reads nothing
			continue
		}
		var limits []int64
		p := Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
			Getenv:      func(string) string { return "" },
			LimitMemory: func(bytes int64) { limits = append(limits, bytes) }}
		p.Run(t.Context(), []string{cmd.Name(), "no/such/file"})
		if want := []int64{memoryLimits[cmd.Name()]}; !slices.Equal(limits, want) || want[0] == 0 {
			t.Errorf("%s: %v", cmd.Name(), limits)
		}
	}
}
