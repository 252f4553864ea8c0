package client

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// keyMask replaces the private key. It isn't a valid name, so a code or an id that contains it
// isn't valid either.
const keyMask = "***"

// minTruncatedKey is how many characters of the key must end a response for them to count as a
// truncated key.
const minTruncatedKey = 6

// maxEscape is the maximum number of backslashes, or of "25" after a percent sign, that count
// as an escape: nested JSON doubles them. The bound keeps the search linear.
const maxEscape = 32

// maskKey removes the private key from the headers and body of each response before they are
// read: a server may repeat what it received. The key is stored only in this closure, where
// formatting can't print it.
func maskKey(key string) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		if key == "" {
			return next
		}
		return roundTripperFunc(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			for _, values := range resp.Header {
				for i, value := range values {
					values[i] = string(withoutKey([]byte(value), key))
				}
			}
			resp.Body = io.NopCloser(bytes.NewReader(withoutKey(bufferedBody(resp), key)))
			return resp, nil
		})
	}
}

// withoutKey replaces each occurrence of the key by keyMask. The key may be escaped as in JSON
// or URLs, or truncated at the end of the text. JSON stays valid.
func withoutKey(text []byte, key string) []byte {
	if bytes.Contains(text, []byte(key)) {
		text = bytes.ReplaceAll(text, []byte(key), []byte(keyMask))
	}
	beginnings := key[:1] + `\%`
	var out []byte
	copied := 0
	for at := 0; at < len(text); {
		skipped := bytes.IndexAny(text[at:], beginnings)
		if skipped < 0 {
			break
		}
		at += skipped
		n := matchKey(text[at:], key)
		if n == 0 {
			at++
			continue
		}
		out = append(append(out, text[copied:at]...), keyMask...)
		at += n
		copied = at
	}
	if copied == 0 {
		return text
	}
	return append(out, text[copied:]...)
}

// matchKey returns the length of the key at the beginning of text, or 0 if text doesn't begin
// with it.
func matchKey(text []byte, key string) int {
	length := 0
	for i := range len(key) {
		n := matchCharacter(text[length:], key[i])
		switch {
		case n > 0:
			length += n
		case i >= minTruncatedKey && isTruncated(text[length:]):
			return len(text)
		default:
			return 0
		}
	}
	return length
}

// matchCharacter returns the length of the character c at the beginning of text, or 0. It may
// be written as p, %70, %2570, \u0070, or p after backslashes, as in nested JSON.
func matchCharacter(text []byte, c byte) int {
	escape := 0
	for escape < min(len(text), maxEscape) && text[escape] == '\\' {
		escape++
	}
	rest := text[escape:]
	switch {
	case c == '\\' && escape > 0:
		return min(escape, 2)
	case len(rest) == 0:
		return 0
	case rest[0] == c:
		return escape + 1
	case escape > 0 && rest[0] == 'u':
		if hasHex(rest[1:], 0) && hasHex(rest[3:], c) {
			return escape + 5
		}
	case rest[0] == '%':
		digits := rest[1:]
		for n := 0; n < maxEscape && bytes.HasPrefix(digits, []byte("25")) && c != '%'; n++ {
			digits = digits[2:]
		}
		if hasHex(digits, c) {
			return len(text) - len(digits) + 2
		}
	}
	return 0
}

// hasHex reports whether text begins with the two hexadecimal digits of c.
func hasHex(text []byte, c byte) bool {
	if len(text) < 2 {
		return false
	}
	n, err := strconv.ParseUint(string(text[:2]), 16, 8)
	return err == nil && byte(n) == c
}

// isTruncated reports whether text is at most the beginning of an escape.
func isTruncated(text []byte) bool {
	return len(text) <= 5 && len(bytes.TrimRight(text, `\u%0123456789abcdefABCDEF`)) == 0
}
