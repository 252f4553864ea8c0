package terminal

import (
	"slices"
	"testing"

	"github.com/mattn/go-runewidth"
)

func TestFit(t *testing.T) {
	tests := []struct{ text, want string }{
		{"Añadido", "Añadido"},
		{"Añadido al carrito", "Añad…ito"},
		{"properties.order_total", "prop…tal"},
		{"properties.order_count", "prop…unt"},
		{"a\nb\x1b[2J", "a·b·[2J"},
		{"a\u0085b\u2028c", "a·b·c"},
		{"a\u202eb\u2066c", "a·b·c"}, // turns what follows around
		{"お茶を飲", "お茶を飲"},
		{"お茶を飲む", "お茶…む"}, // and half of a character is none
		{"🎁🎁🎁🎁!", "🎁🎁…🎁!"},
		{"e\u0301te\u0301 ete\u0301", "e\u0301te\u0301 ete\u0301"}, // an accent takes no column
	}
	for _, tt := range tests {
		if got := Fit(tt.text, 8); got != tt.want {
			t.Errorf("%q became %q, want %q", tt.text, got, tt.want)
		}
	}
}

// TestFitInAlmostNothing has no room for a text.
func TestFitInAlmostNothing(t *testing.T) {
	for most, want := range []string{"…", "…", "t…", "t…t", "te…t"} {
		if got := Fit("tea pot", most); got != want {
			t.Errorf("%d columns: %q, want %q", most, got, want)
		}
	}
}

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		most int
		want []string
	}{
		{0, []string{"see https://example.com/a and go on"}},
		{12, []string{"see", "https://example.com/a", "and go on"}}, // what is copied stays whole
		{25, []string{"see https://example.com/a", "and go on"}},
	} {
		if got := Wrap("see https://example.com/a and go on", tt.most); !slices.Equal(got, tt.want) {
			t.Errorf("%d columns: %q, want %q", tt.most, got, tt.want)
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
