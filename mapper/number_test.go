package mapper

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestValueNumber(t *testing.T) {
	for _, text := range []string{
		"0", "-0", "7", "12.50", "1e3", "-1.5E-7", "12345678901234567890", "1e400", "-1e400",
		"", "+1", ".5", "5.", "007", "-", "1_000", "0x10", "NaN", "Inf", "12.50 EUR", "1,5", "1e", "--1", "٣",
	} {
		// The reference is encoding/json: a number is what it takes for one.
		var f float64
		want := json.Unmarshal([]byte(text), &f) == nil && strings.TrimSpace(text) != "null"
		got, ok := value(`" ` + text + ` "`).number()
		if ok != want || ok && string(got) != text {
			t.Errorf("%q as a string: got %q, %v, want %v", text, got, ok, want)
		}
	}
}
