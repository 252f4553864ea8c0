package config

import (
	"maps"
	"slices"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// Every key that a file may have is told of, once, and with values that a file takes.
func TestSettings(t *testing.T) {
	var keys []string
	for _, s := range Settings {
		keys = append(keys, s.Key)
		for _, value := range []string{s.Default, s.Example} {
			if _, err := parse([]byte(s.Key+": "+value), ""); err != nil {
				t.Errorf("%s: %s: %v", s.Key, terminal.Quote(value), err)
			}
		}
		for _, value := range s.Values {
			if _, err := parse([]byte(s.Key+": "+value), ""); err != nil {
				t.Errorf("%s: %v", s.Key, err)
			}
		}
		if s.Default == "" && s.Example == "" {
			t.Errorf("%s has neither a default nor an example", s.Key)
		}
	}
	slices.Sort(keys)
	if want := slices.Sorted(maps.Keys(fields)); !slices.Equal(keys, want) {
		t.Errorf("the keys are %q, want %q", keys, want)
	}
}
