package gateway

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync/atomic"

	"github.com/rudderklaviyo/rudderklaviyo/internal/credential"
)

// tokenOf returns the token of a request, or "". SDKs send it as the user name of Basic, without
// a password.
func tokenOf(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	return credential.Bearer(r)
}

// The errors of [Accounts].
var (
	// ErrUnknownToken means that no account has the token.
	ErrUnknownToken = errors.New("unknown token")
	// ErrAccountRemoved means that the account was removed while the service runs.
	ErrAccountRemoved = errors.New("the account was removed")
)

// Tokens are the tokens of all accounts. They can be replaced at any time. The zero Tokens
// is empty. It implements [Accounts].
type Tokens struct{ list atomic.Pointer[[]token] }

type token struct {
	digest  credential.Digest
	account string
	// removed says that the account isn't there any more. Its senders are asked to wait: on
	// a 401 RudderStack would drop their events.
	removed bool
}

// TokenList is what [Tokens.Use] takes.
type TokenList struct{ tokens []token }

// NewTokenList checks the tokens of each account. There may be several: the old one and the
// new while senders change over. The error names the account, and no token.
func NewTokenList(accounts map[string][]string) (*TokenList, error) {
	list := new(TokenList)
	owners := map[string]string{}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		for _, text := range accounts[account] {
			if text == "" {
				return nil, fmt.Errorf("account %s has an empty token", account)
			}
			if owner, ok := owners[text]; ok && owner != account {
				return nil, fmt.Errorf("accounts %s and %s have the same token; give each its own", owner, account)
			}
			owners[text] = account
			list.tokens = append(list.tokens, token{digest: credential.DigestOf(text), account: account})
		}
	}
	return list, nil
}

// Use replaces all tokens. Those of an account that isn't in the list any more lead to
// [ErrAccountRemoved] from now on, unless another account has them.
func (t *Tokens) Use(list *TokenList) {
	next := slices.Clone(list.tokens)
	if before := t.list.Load(); before != nil {
		for _, old := range *before {
			if !slices.ContainsFunc(list.tokens, func(n token) bool { return n.account == old.account || n.digest == old.digest }) {
				old.removed = true
				next = append(next, old)
			}
		}
	}
	t.list.Store(&next)
}

// Account implements [Accounts]. It compares with every token there is.
func (t *Tokens) Account(text string) (name string, err error) {
	list := t.list.Load()
	if list == nil || text == "" {
		return "", ErrUnknownToken
	}
	digest, found := credential.DigestOf(text), -1
	for i := range *list {
		found = subtle.ConstantTimeSelect(digest.Equal((*list)[i].digest), i, found)
	}
	switch {
	case found < 0:
		return "", ErrUnknownToken
	case (*list)[found].removed:
		return (*list)[found].account, ErrAccountRemoved
	}
	return (*list)[found].account, nil
}
