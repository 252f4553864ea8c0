package terminal

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// isUnsafe reports whether a character controls the terminal, or makes a text look like
// another.
func isUnsafe(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp, unicode.Bidi_Control)
}

// IsPlain reports whether an untrusted text, such as a file's name, can be shown unchanged.
func IsPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, isUnsafe)
}

// Quote returns an untrusted text for display: unchanged if it is plain, otherwise quoted as in
// Go.
func Quote(text string) string {
	if IsPlain(text) {
		return text
	}
	return strconv.Quote(text)
}
