package mapper

import "unicode"

// digitOf returns the value of a decimal digit of any script. In Unicode, the digits of a
// script are consecutive.
func digitOf(r rune) (rune, bool) {
	if r < 0x80 {
		return r - '0', '0' <= r && r <= '9'
	}
	for _, row := range unicode.Nd.R16 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10, true
		}
	}
	for _, row := range unicode.Nd.R32 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10, true
		}
	}
	return 0, false
}
