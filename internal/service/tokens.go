package service

import (
	"crypto/sha256"
	"crypto/subtle"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// tokens are the credentials of the senders. They are compared by their hashes, all of them
// each time, so that the time tells nothing of them.
type tokens []token

type token struct {
	hash    [sha256.Size]byte
	account string
}

func newTokens(accounts []config.Account) tokens {
	var all tokens
	for _, a := range accounts {
		for _, t := range a.Tokens {
			all = append(all, token{sha256.Sum256([]byte(t)), a.Name})
		}
	}
	return all
}

// accountOf names the account whose senders have a token.
func (ts tokens) accountOf(given string) (account string, ok bool) {
	hash := sha256.Sum256([]byte(given))
	for _, t := range ts {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			account, ok = t.account, true
		}
	}
	return account, ok
}

// AccountOf names the account whose senders have a token.
func (s *Service) AccountOf(token string) (account string, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tokens.accountOf(token)
}
