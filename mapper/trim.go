package mapper

import (
	"bytes"
	"strings"
	"unicode"
)

// trim takes off what shows nothing at both ends of a text: SDKs and spreadsheets leave it
// there, and nobody sees it.
func trim(text string) string { return strings.TrimFunc(text, showsNothing) }

func trimBytes(text []byte) []byte { return bytes.TrimFunc(text, showsNothing) }

// showsNothing is true of white space, of zero-width and direction marks, and of the byte
// order mark.
func showsNothing(r rune) bool {
	switch {
	case r < 0x80:
		return r == ' ' || '\t' <= r && r <= '\r'
	case 0x200B <= r && r <= 0x200F, 0x202A <= r && r <= 0x202E, 0x2060 <= r && r <= 0x2064, 0x2066 <= r && r <= 0x2069, r == 0xFEFF:
		return true
	}
	return unicode.IsSpace(r)
}
