package terminal

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isObeyed tells characters that a terminal obeys instead of showing them, and those that
// make a text look like another.
func isObeyed(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// IsPlain tells whether a text of others, such as a file's name, may be shown as it is.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, isObeyed)
}

// Quote gives a text of others as it may be shown: as it is if that is plain, else quoted
// as in Go, with escapes for what isn't.
func Quote(text string) string {
	if IsPlain(text) {
		return text
	}
	return strconv.Quote(text)
}
