package mapper

import (
	"bytes"
	"strings"
	"unicode"
)

// trim removes invisible characters at both ends, which SDKs and spreadsheets may leave.
func trim(text string) string { return strings.TrimFunc(text, isInvisible) }

func trimBytes(text []byte) []byte { return bytes.TrimFunc(text, isInvisible) }

// isInvisible reports whether r is whitespace, a zero-width or direction mark, or the byte
// order mark.
func isInvisible(r rune) bool {
	switch {
	case r < 0x80:
		return r == ' ' || '\t' <= r && r <= '\r'
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2064, 0x2066 <= r && r <= 0x2069, r == 0xFEFF:
		return true
	}
	return unicode.IsSpace(r)
}

// isUnprinted reports whether r is invisible, or a control or format character.
func isUnprinted(r rune) bool {
	if r < 0x80 {
		return r <= ' ' || r == 0x7F // most characters of identifiers
	}
	return isInvisible(r) || unicode.In(r, unicode.Cc, unicode.Cf)
}
