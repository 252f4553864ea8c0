package command

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// checkCode returns an error if a command found nothing with its code while the account has dead
// letters with others: the code is probably misspelt. The error says which codes there are.
func (p Program) checkCode(ctx context.Context, flags lettersFlags, found int) error {
	if flags.code == "" || found > 0 {
		return nil
	}
	body, err := p.askAdminFor(ctx, http.MethodGet, "/accounts", flags)
	if err != nil {
		return err
	}
	defer body.Close()
	var document struct {
		Accounts []struct {
			Name        string
			DeadLetters map[string]int `json:"dead_letters"`
		}
	}
	if err := json.NewDecoder(body).Decode(&document); err != nil {
		return stopped(fmt.Errorf("the service's response can't be read: %w", err))
	}
	for _, a := range document.Accounts {
		if a.Name == flags.account && len(a.DeadLetters) > 0 && a.DeadLetters[flags.code] == 0 {
			return stopped(noSuchCode(flags, a.DeadLetters))
		}
	}
	return nil
}

func noSuchCode(flags lettersFlags, counts map[string]int) error {
	meant := ""
	if near := config.Nearest(flags.code, maps.Keys(counts)); near != "" {
		meant = fmt.Sprintf("; did you mean %s?", near)
	}
	codes := slices.Sorted(maps.Keys(counts))
	for i, code := range codes {
		codes[i] = fmt.Sprintf("%s (%s)", code, count(counts[code]))
	}
	return fmt.Errorf("no dead letter of the account %s has the code %q%s\nThere are: %s", flags.account, flags.code, meant, strings.Join(codes, ", "))
}
