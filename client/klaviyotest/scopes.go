package klaviyotest

import (
	"net/http"
	"slices"
)

// WithScopes makes a private key that has these scopes alone, such as lists:read. A call that
// needs another one is answered 403. By default a key has all of them.
func WithScopes(scopes ...string) Option {
	return func(k *Klaviyo) { k.scopes = append([]string{}, scopes...) }
}

// authorize refuses a call that needs a scope which the key lacks.
func (k *Klaviyo) authorize(c *call) *answer {
	if k.scopes == nil {
		return nil
	}
	for _, scope := range c.operation.Scopes {
		if !c.operation.Public && !slices.Contains(k.scopes, scope) {
			a := refuse(refusal{status: http.StatusForbidden, detail: "The key lacks the scope " + scope + "."})
			return &a
		}
	}
	return nil
}
