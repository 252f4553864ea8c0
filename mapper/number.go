package mapper

import (
	"strconv"
	"strings"
)

// numberLength returns the length of the JSON number at the beginning of s, or 0. JSON's
// grammar is narrower than that of strconv: no "+1", "0x1p4", "1_000", "Inf" or "007".
func numberLength[T ~string | ~[]byte](s T) int {
	n := 0
	if n < len(s) && s[n] == '-' {
		n++
	}
	integer := countDigits(s[n:])
	if integer == 0 || integer > 1 && s[n] == '0' {
		return 0
	}
	n += integer
	if n < len(s) && s[n] == '.' {
		fraction := countDigits(s[n+1:])
		if fraction == 0 {
			return 0
		}
		n += 1 + fraction
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		n++
		if n < len(s) && (s[n] == '+' || s[n] == '-') {
			n++
		}
		exponent := countDigits(s[n:])
		if exponent == 0 {
			return 0
		}
		n += exponent
	}
	return n
}

func countDigits[T ~string | ~[]byte](s T) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// splitDecimal returns the digits of a number before and after the decimal point, after applying
// its exponent: 1.7723574E9 is 1772357400. It returns false if the exponent is too large.
func splitDecimal(number string) (whole, fraction string, ok bool) {
	const maxExponent = 40
	exponent := 0
	if at := strings.IndexAny(number, "eE"); at >= 0 {
		var err error
		if exponent, err = strconv.Atoi(number[at+1:]); err != nil || exponent < -maxExponent || exponent > maxExponent {
			return "", "", false
		}
		number = number[:at]
	}
	whole, fraction, _ = strings.Cut(number, ".")
	switch {
	case exponent > 0:
		fraction += strings.Repeat("0", max(exponent-len(fraction), 0))
		whole, fraction = whole+fraction[:exponent], fraction[exponent:]
	case exponent < 0:
		whole = strings.Repeat("0", max(1-exponent-len(whole), 0)) + whole
		point := len(whole) + exponent
		whole, fraction = whole[:point], whole[point:]+fraction
	}
	return whole, fraction, true
}

// fitsDouble reports whether a number is in the range of float64, unlike 1e400.
func fitsDouble(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
