package input

import (
	"strings"
	"testing"
)

// TestObjectIsReadOnce hands over an object byte by byte and makes what was handed over
// before unreadable, but for the name that is asked for and for the first byte of what is
// at hand: to look at all of it again and again would take the square of its length.
func TestObjectIsReadOnce(t *testing.T) {
	long := strings.Repeat(`x{\"[`, 1_000)
	const known = `"\u0062atch" `
	for _, tt := range []struct {
		name, text string
		isBatch    bool
	}{
		{name: "a long value", text: `{"a":"` + long + `",` + known + `:[`, isBatch: true},
		{name: "a long name", text: `{"` + long + `":1,` + known + `:[`, isBatch: true},
		{name: "many members", text: `{` + strings.Repeat(`"a" : {"batch":[1, 2]},`, 1_000) + known + `:[`, isBatch: true},
		{name: "a list", text: `{"a":[` + strings.Repeat(`{"batch":[{}]},`, 1_000) + `{}],` + known + `:[`, isBatch: true},
		{name: "white space", text: `{` + strings.Repeat(" \n", 1_000) + known + strings.Repeat(" \n", 1_000) + ":" + strings.Repeat(" \n", 1_000) + `[`, isBatch: true},
		{name: "no batch", text: `{"a":"` + long + `","b":1}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := 0
			if tt.isBatch {
				want = len(tt.text)
			}
			nameAt := strings.LastIndex(tt.text, known)
			text := []byte(tt.text)
			d := document{limit: len(text)}
			for n := 1; n < len(text); n++ {
				if entered, known := d.enter(text[:n], false); known || entered > 0 {
					t.Fatalf("known after %d of %d bytes", n, len(text))
				}
				isName := nameAt >= 0 && nameAt < n && n <= nameAt+len(known)
				if i := n - 1; i > 0 && i != d.begin.pos && !isName {
					text[i] = '}'
				}
			}
			entered, isKnown := d.enter(text, false)
			if !isKnown || entered != want {
				t.Errorf("entered %d bytes, %v; want %d", entered, isKnown, want)
			}
		})
	}
}
