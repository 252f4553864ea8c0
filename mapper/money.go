package mapper

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// money parses an amount of money formatted as text, and returns it as a JSON number: "1.299,00
// €" is 1299.00. It rejects ambiguous amounts.
func (v value) money() (value, bool) {
	if !v.isString() {
		return nil, false
	}
	text := trimBytes(v.content())
	if len(text) == 0 || len(text) > maxScalar {
		return nil, false
	}
	text, minus := cutMinus(text)
	text = withoutCurrency(text)
	if !minus {
		text, minus = cutMinus(text)
	}
	number := make([]byte, 0, len(text)+1)
	if minus {
		number = append(number, '-')
	}
	number, ok := appendAmount(number, text)
	if !ok || numberLength(number) != len(number) || !fitsDouble(string(number)) {
		return nil, false
	}
	return number, true
}

func cutMinus(text []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(text, []byte("-"))
	if !ok {
		return text, false
	}
	return trimBytes(rest), true
}

// withoutCurrency removes a currency code or sign before or after an amount. Up to three
// letters before a sign belong to it: US$, R$.
func withoutCurrency(text []byte) []byte {
	if n := countLetters(text); n <= 3 {
		if r, size := utf8.DecodeRune(text[n:]); unicode.Is(unicode.Sc, r) {
			text = text[n+size:]
		} else if n == 3 && isCurrency(text[:n]) {
			text = text[n:]
		}
	}
	text = trimBytes(text)
	if r, size := utf8.DecodeLastRune(text); unicode.Is(unicode.Sc, r) {
		text = text[:len(text)-size]
		if rest := bytes.TrimRightFunc(text, isLetter); len(text)-len(rest) <= 3 {
			text = rest
		}
	} else if n := len(text) - 3; n > 0 && isCurrency(text[n:]) {
		text = text[:n]
	}
	return trimBytes(text)
}

// countLetters returns the number of ASCII letters at the beginning of text.
func countLetters(text []byte) int { return len(text) - len(bytes.TrimLeftFunc(text, isLetter)) }

func isLetter(r rune) bool { return 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' }

func isCurrency(code []byte) bool { return currencies[strings.ToUpper(string(code))] }

// groupSeparators are the characters that can separate groups of digits.
const groupSeparators = " \u00a0\u202f'’"

// appendAmount appends an amount without group separators and with a decimal point.
func appendAmount(dst, text []byte) ([]byte, bool) {
	points, commas := bytes.Count(text, []byte(".")), bytes.Count(text, []byte(","))
	decimal, grouping := byte('.'), byte(',')
	switch lastComma := bytes.LastIndexByte(text, ','); {
	case points > 0 && commas > 0:
		if lastComma > bytes.LastIndexByte(text, '.') {
			decimal, grouping = ',', '.'
		}
	case commas == 1:
		if decimals := len(text) - lastComma - 1; decimals != 1 && decimals != 2 {
			return nil, false // three digits could be decimals or a group
		}
		decimal, grouping = ',', '.'
	case commas > 1:
		if !hasThreeDigitGroups(text) {
			return nil, false
		}
	}
	if bytes.Count(text, []byte{decimal}) > 1 {
		return nil, false
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case '0' <= r && r <= '9':
			dst = append(dst, text[i])
		case !isBetweenDigits(text, i, size):
			return nil, false
		case r == rune(decimal):
			dst = append(dst, '.')
		case r == rune(grouping), strings.ContainsRune(groupSeparators, r):
		default:
			return nil, false
		}
		i += size
	}
	return dst, true
}

// hasThreeDigitGroups reports whether each comma is followed by three digits.
func hasThreeDigitGroups(text []byte) bool {
	groups := bytes.Split(text, []byte(","))
	for i, group := range groups {
		if countDigits(group) != len(group) || i > 0 && len(group) != 3 || len(group) > 3 {
			return false
		}
	}
	return true
}

func isBetweenDigits(text []byte, at, size int) bool {
	isDigit := func(i int) bool { return 0 <= i && i < len(text) && '0' <= text[i] && text[i] <= '9' }
	return isDigit(at-1) && isDigit(at+size)
}
