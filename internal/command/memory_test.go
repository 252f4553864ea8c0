package command

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// A run that may send in bulk holds more, and has more.
func TestBulkHasMoreMemory(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want int64
	}{
		{[]string{"--revision", later}, bulkMemoryLimit},
		{[]string{"--revision", later, "--bulk", "never"}, memoryLimits["send"]},
		{[]string{"--revision", older}, memoryLimits["send"]},
	} {
		var limit int64
		p := Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
			Getenv:      func(string) string { return "" },
			LimitMemory: func(bytes int64) { limit = bytes }}
		if status := p.Run(t.Context(), append([]string{"send", "--simulate"}, tt.args...)); status != statusDone || limit != tt.want {
			t.Errorf("%q: status %d, %d bytes, want %d", tt.args, status, limit, tt.want)
		}
	}
}

func TestEveryCommandLimitsItsMemory(t *testing.T) {
	others := []string{"version", "healthcheck", "dead-letters", "config"} // they read no events
	for _, cmd := range (Program{}).rootCommand().Commands() {
		if slices.Contains(others, cmd.Name()) {
			continue
		}
		var limits []int64
		p := Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard,
			Getenv:      func(string) string { return "" },
			LimitMemory: func(bytes int64) { limits = append(limits, bytes) }}
		args := []string{cmd.Name(), "no/such/file"}
		if cmd.Name() == "serve" { // it takes none
			args = args[:1]
		}
		p.Run(t.Context(), args)
		if want := []int64{memoryLimits[cmd.Name()]}; !slices.Equal(limits, want) || want[0] == 0 {
			t.Errorf("%s: %v", cmd.Name(), limits)
		}
	}
}
