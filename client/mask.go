package client

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// masked stands where a server wrote the private key. It is no name, so that a code or
// an id with it isn't one either.
const masked = "***"

// minCutKey is how much of the key an answer's last characters have to be for them to
// count as the key, cut off.
const minCutKey = 6

// maxEscape is how many backslashes before a character, or 25s behind its percent sign,
// count as its escape: JSON in JSON doubles them. Without a bound, a long row of them
// would be read anew from each of its places.
const maxEscape = 32

// maskKey takes the private key out of the headers and the body of every answer, before
// anything else reads them: a server may repeat what it was sent. The key stands in this
// closure, where no formatting reaches it.
func maskKey(key string) link {
	return func(next http.RoundTripper) http.RoundTripper {
		if key == "" {
			return next
		}
		return roundTripper(func(req *http.Request) (*http.Response, error) {
			resp, err := next.RoundTrip(req)
			if err != nil {
				return nil, err
			}
			for _, values := range resp.Header {
				for i, value := range values {
					values[i] = string(withoutKey([]byte(value), key))
				}
			}
			resp.Body = io.NopCloser(bytes.NewReader(withoutKey(peek(resp), key)))
			return resp, nil
		})
	}
}

// withoutKey puts masked in the place of each key in a text. The key may be written as it
// is, with the escapes of JSON or URLs, or be cut off by the end of the text. JSON stays
// JSON.
func withoutKey(text []byte, key string) []byte {
	if bytes.Contains(text, []byte(key)) {
		text = bytes.ReplaceAll(text, []byte(key), []byte(masked))
	}
	beginnings := key[:1] + `\%`
	var shown []byte
	kept := 0
	for at := 0; at < len(text); {
		skipped := bytes.IndexAny(text[at:], beginnings)
		if skipped < 0 {
			break
		}
		at += skipped
		n := keyAt(text[at:], key)
		if n == 0 {
			at++
			continue
		}
		shown = append(append(shown, text[kept:at]...), masked...)
		at += n
		kept = at
	}
	if kept == 0 {
		return text
	}
	return append(shown, text[kept:]...)
}

// keyAt gives the length of the key at the beginning of a text, 0 if it isn't there.
func keyAt(text []byte, key string) int {
	length := 0
	for i := range len(key) {
		n := characterAt(text[length:], key[i])
		switch {
		case n > 0:
			length += n
		case i >= minCutKey && isCutOff(text[length:]):
			return len(text)
		default:
			return 0
		}
	}
	return length
}

// characterAt gives the length of a character at the beginning of a text, where it may be
// p, %70, %2570, \u0070, or p after backslashes, as in a JSON text within another.
func characterAt(text []byte, c byte) int {
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

// hasHex tells whether a text begins with the two hexadecimal digits of a character.
func hasHex(text []byte, c byte) bool {
	if len(text) < 2 {
		return false
	}
	n, err := strconv.ParseUint(string(text[:2]), 16, 8)
	return err == nil && byte(n) == c
}

// isCutOff tells whether a text holds no more than the beginning of an escape.
func isCutOff(text []byte) bool {
	return len(text) <= 5 && len(bytes.TrimRight(text, `\u%0123456789abcdefABCDEF`)) == 0
}
