// Package credential reads the credentials of HTTP requests and compares tokens. A token
// stands in the header Authorization, as Bearer or as a part of Basic.
package credential

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// Bearer returns the token of a request with the scheme Bearer, or "". Basic is read by
// [http.Request.BasicAuth].
func Bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Challenges are the values of WWW-Authenticate in a 401 response.
func Challenges() []string {
	return []string{`Bearer realm="rudderklaviyo"`, `Basic realm="rudderklaviyo", charset="UTF-8"`}
}

// Digest stands for a token. Comparing digests takes the same time for any two tokens, and
// so reveals neither how much of a guess is right nor how long the token is.
type Digest [sha256.Size]byte

// DigestOf returns the digest of a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

// Equal returns 1 if the digests are the same, and 0 otherwise.
func (d Digest) Equal(other Digest) int { return subtle.ConstantTimeCompare(d[:], other[:]) }

// Equal reports whether two tokens are the same.
func Equal(a, b string) bool { return DigestOf(a).Equal(DigestOf(b)) == 1 }
