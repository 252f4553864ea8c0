package mapper

import "strconv"

// isJSONNumber says whether the whole of s is a number in JSON's grammar, which
// is narrower than strconv's: no "+1", "0x1p4", "1_000", "Inf" or "007".
func isJSONNumber(s string) bool {
	if s != "" && s[0] == '-' {
		s = s[1:]
	}
	integer := digits(s)
	if integer == 0 || integer > 1 && s[0] == '0' {
		return false
	}
	s = s[integer:]
	if s != "" && s[0] == '.' {
		fraction := digits(s[1:])
		if fraction == 0 {
			return false
		}
		s = s[1+fraction:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		exponent := digits(s)
		return exponent > 0 && exponent == len(s)
	}
	return s == ""
}

func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

// fitsDouble is false for numbers such as 1e400, which no receiver can hold.
func fitsDouble(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
