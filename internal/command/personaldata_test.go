package command

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

// TestNothingPersonalIsShown sends events that fail in every way, with debug logs, and checks that
// neither output nor logs have personal data.
func TestNothingPersonalIsShown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const email, phone, name = "jane.doe@private.example", "+12025550147", "Jane Q. Doe"
		person := fmt.Sprintf(`"traits":{"email":%q,"phone":%q,"firstName":%q}`, email, phone, name)
		k := klaviyotest.New()
		k.Inject(
			klaviyotest.Fault{Status: http.StatusBadRequest},
			klaviyotest.ServerError(), klaviyotest.ConnectionReset(), klaviyotest.RateLimited(0), klaviyotest.Challenge(),
			klaviyotest.Slow(0), klaviyotest.Slow(0), klaviyotest.Slow(0),
			klaviyotest.Unauthorized(),
		)
		var events []string
		for range 10 {
			events = append(events, `{"type":"identify",`+person+`}`)
		}
		events = append([]string{
			`{"type":"identify",` + person,
			`{"type":"track","event":"` + name + `","timestamp":"` + email + `",` + strings.Replace(person, "traits", "properties", 1) + `}`,
			`{"type":"identify","traits":{"email":"` + email + `","phone":"x` + phone + `x","zip":{"` + name + `":1}}}`,
			`{"type":"identify","traits":{"email":"` + name + `"}}`,
		}, events...)
		for _, args := range [][]string{
			{"send", "--log-level=debug"},
			{"send", "--log-level=debug", "--output=json", "--dead-letter=" + filepath.Join(t.TempDir(), "dead.jsonl")},
		} {
			s := account(k)
			s.stdin = strings.NewReader(lines(events...))
			r := s.run(t, args...)
			for _, private := range []string{email, phone, name, "private.example", "2025550147"} {
				if strings.Contains(r.stdout+r.stderr, private) {
					t.Errorf("%q is shown:\n%s", private, r.stderr)
				}
			}
		}
	})
}
