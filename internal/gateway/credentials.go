package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// credential is the token that a request has, or empty. SDKs send it as the user of Basic,
// without a password.
func credential(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// Tokens are the tokens of all accounts. They can be replaced at any time. The zero Tokens
// has none. It implements [Accounts].
type Tokens struct{ list atomic.Pointer[[]token] }

type token struct {
	digest  [sha256.Size]byte
	account string
}

// Set replaces all tokens by those of each account, of which there may be several: the old
// one and the new while senders change over. If there is an error everything stays as it
// was. It names the account, and no token.
func (t *Tokens) Set(accounts map[string][]string) error {
	var list []token
	owners := map[string]string{}
	for _, account := range slices.Sorted(maps.Keys(accounts)) {
		for _, text := range accounts[account] {
			if text == "" {
				return fmt.Errorf("account %s has an empty token", account)
			}
			if owner, ok := owners[text]; ok && owner != account {
				return fmt.Errorf("accounts %s and %s have the same token; give each its own", owner, account)
			}
			owners[text] = account
			list = append(list, token{sha256.Sum256([]byte(text)), account})
		}
	}
	t.list.Store(&list)
	return nil
}

// Account implements [Accounts]. It compares with every token there is, by digests, so that
// the time tells neither how much of a token is right nor how long it is.
func (t *Tokens) Account(text string) (name string, ok bool) {
	list := t.list.Load()
	if list == nil || text == "" {
		return "", false
	}
	digest, found := sha256.Sum256([]byte(text)), -1
	for i := range *list {
		same := subtle.ConstantTimeCompare(digest[:], (*list)[i].digest[:])
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	if found < 0 {
		return "", false
	}
	return (*list)[found].account, true
}
