package terminal

import (
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestFit(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Añadido", "Añadido"},
		{"Añadido al carrito", "Añadido…"},
		{"a\nb\x1b[2J", "a·b·[2J"},
		{"a\u0085b\u2028c", "a·b·c"},
		{"a\u202eb\u2066c", "a·b·c"}, // turns what follows around
		{"お茶を飲", "お茶を飲"},
		{"お茶を飲む", "お茶を…"}, // and half of a character is none
		{"🎁🎁🎁🎁!", "🎁🎁🎁…"},
		{"e\u0301te\u0301 ete\u0301", "e\u0301te\u0301 ete\u0301"}, // an accent takes no column
	}
	for _, tt := range tests {
		if got := Fit(tt.text, 8); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestPad(t *testing.T) {
	for text, want := range map[string]string{
		"tea": "tea   ", "お茶": "お茶  ", "🎁": "🎁    ", "": "      ", "too long": "too long", "…–·": "…–·   ",
	} {
		if got := Pad(text, 6); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// TestColumnsAreNotOfTheLocale has a locale under which … takes two columns.
func TestColumnsAreNotOfTheLocale(t *testing.T) {
	was := runewidth.DefaultCondition.EastAsianWidth
	defer func() { runewidth.DefaultCondition.EastAsianWidth = was }()
	runewidth.DefaultCondition.EastAsianWidth = true
	if got := Columns("…"); got != 1 {
		t.Errorf("… takes %d columns", got)
	}
}
