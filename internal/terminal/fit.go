package terminal

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// widths counts columns the same way under every locale, so that a table is the same on
// every machine.
var widths = &runewidth.Condition{StrictEmojiNeutral: true}

// Columns is how many columns of a terminal a text takes: two for "茶" and for an emoji.
func Columns(text string) int { return widths.StringWidth(text) }

// Fit gives a text for one cell of a table: on one line, without characters that a
// terminal obeys, and of so many columns at most.
func Fit(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if isObeyed(r) {
			return '·'
		}
		return r
	}, text)
	return widths.Truncate(text, most, "…")
}

// Pad fills a text up with spaces to so many columns.
func Pad(text string, columns int) string { return widths.FillRight(text, columns) }
