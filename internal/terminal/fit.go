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

// OneLine returns a text for a cell of a table: on one line, without control characters.
func OneLine(text string) string {
	return strings.Map(func(r rune) rune {
		if isUnsafe(r) {
			return '·'
		}
		return r
	}, text)
}

// Fit returns a text as [OneLine] does, and at most so many columns wide. It leaves out the
// middle, because names that begin alike often end differently.
func Fit(text string, most int) string {
	const ellipsis = "…"
	text = OneLine(text)
	if Columns(text) <= most {
		return text
	}
	room := max(most-Columns(ellipsis), 0)
	begin := widths.Truncate(text, room-room/2, "")
	return begin + ellipsis + widths.TruncatePrefix(text, room/2, "")
}

// Pad pads a text with spaces to a width in columns.
func Pad(text string, columns int) string { return widths.FillRight(text, columns) }

// Wrap breaks a text between words into lines of so many columns, if that is more than none.
// A longer word keeps a line to itself, so that it can be copied.
func Wrap(text string, most int) []string {
	if most <= 0 {
		return []string{text}
	}
	lines := []string{""}
	for word := range strings.SplitSeq(text, " ") {
		line := &lines[len(lines)-1]
		switch {
		case *line == "":
			*line = word
		case Columns(*line)+len(" ")+Columns(word) <= most:
			*line += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
