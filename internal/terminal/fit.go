// Package terminal prepares what others wrote for a person's terminal.
package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fit gives a text for one cell of a table: on one line, without characters that a
// terminal obeys, and of so many characters at most.
func Fit(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control) {
			return '·'
		}
		return r
	}, text)
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most-1]) + "…"
}
