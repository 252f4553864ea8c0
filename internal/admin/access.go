package admin

import (
	"net"
	"net/http"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/credential"
)

// securityHeaders are those of every answer. A page sets its own Content-Security-Policy.
var securityHeaders = map[string]string{
	"Content-Security-Policy":      "default-src 'none'; frame-ancestors 'none'",
	"X-Frame-Options":              "DENY",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "same-origin", // with no-referrer a form's Origin would be null
	"Cross-Origin-Opener-Policy":   "same-origin",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Cache-Control":                "no-store",
}

// hosts are those that a request may name. A web page elsewhere can have its own name lead
// to a loopback address, and would then be let in by a browser of this machine.
type hosts struct {
	open       bool // every name is allowed: a token is needed
	configured string
}

func (h hosts) allow(given string) bool {
	host := given
	if name, _, err := net.SplitHostPort(given); err == nil {
		host = name // a tunnel may have another port
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	return h.open || host == h.configured || isLoopback(host) || strings.HasSuffix(host, ".localhost")
}

// proof is how a request proves that it may do something.
type proof int

const (
	none   proof = iota
	basic        // a browser sends it by itself, also if another site wants so
	bearer       // only a program that has the token sends it
)

// proofOf returns how a request has proved that it has the token.
func (s *Server) proofOf(r *http.Request) proof {
	if s.cfg.Token == "" {
		return none
	}
	if credential.Equal(credential.Bearer(r), s.cfg.Token) {
		return bearer
	}
	if _, password, ok := r.BasicAuth(); ok && credential.Equal(password, s.cfg.Token) {
		return basic
	}
	return none
}

// remoteNeedsToken lets everybody in at a loopback address, and elsewhere those with the
// token.
func (s *Server) remoteNeedsToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.hosts.open && s.proofOf(r) == none {
			s.unauthorized(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) unauthorized(w http.ResponseWriter) {
	if s.cfg.Token == "" {
		plain(w, http.StatusForbidden, "this needs the admin token, and the service has none: start it with --admin-token-file or --data-dir")
		return
	}
	w.Header()["Www-Authenticate"] = credential.Challenges()
	plain(w, http.StatusUnauthorized, "the admin token is missing or wrong: send it as Authorization: Bearer TOKEN, or as the password of Basic authentication")
}
