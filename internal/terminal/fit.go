package terminal

import (
	"strings"

	"github.com/mattn/go-runewidth"
)

// widths measures text in the same way in all locales, so that tables are the same on all
// machines.
var widths = &runewidth.Condition{StrictEmojiNeutral: true}

// Columns returns the width of a text in terminal columns: two for "茶" and for an emoji.
func Columns(text string) int { return widths.StringWidth(text) }

// Fit returns a text for a cell of a table: on one line, without control characters, and at
// most so many columns wide.
func Fit(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if isUnsafe(r) {
			return '·'
		}
		return r
	}, text)
	return widths.Truncate(text, most, "…")
}

// Pad pads a text with spaces to a width in columns.
func Pad(text string, columns int) string { return widths.FillRight(text, columns) }
