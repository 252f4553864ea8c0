package klaviyotest

import (
	"net/http"
	"slices"
)

// WithScopes limits the private key to scopes, such as lists:read. A call that needs another
// scope gets a 403 response. By default a key has all scopes.
func WithScopes(scopes ...string) Option {
	return func(k *Klaviyo) { k.scopes = append([]string{}, scopes...) }
}

// authorize rejects a call if the key lacks a scope.
func (k *Klaviyo) authorize(c *call) *response {
	if k.scopes == nil {
		return nil
	}
	for _, scope := range c.operation.Scopes {
		if !c.operation.Public && !slices.Contains(k.scopes, scope) {
			a := errorResponse(requestError{status: http.StatusForbidden, detail: "The key lacks the scope " + scope + "."})
			return &a
		}
	}
	return nil
}
