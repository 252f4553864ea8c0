package client

import (
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// TestEveryStatus says whose fault each status is, with each kind of body, and that it is
// tried again where it may pass, and only there.
func TestEveryStatus(t *testing.T) {
	const page, own = "<html>", `{"errors":[{"code":"x","detail":"y"}]}`
	in := func(status int, statuses ...int) bool { return slices.Contains(statuses, status) }
	for _, id := range []*klaviyo.Operation{klaviyo.OperationCreateEvent, klaviyo.OperationDeleteListRelationships} {
		op := operation(id)
		want := func(status int, body string) Blame {
			switch {
			case status == op.Success.Statuses[0] && body != page:
				return BlameNobody
			case in(status, 408, 425, 429), status >= 500, status == 403 && body != own:
				return BlameTemporary
			case in(status, 401, 403), status == 402 && body != page, status == 410 && id == klaviyo.OperationCreateEvent:
				return BlameAccount
			case in(status, 413, 414), in(status, 400, 409, 410, 415, 422) && body != page,
				in(status, 404, 405) && body == own, in(status, 404, 405) && body == "" && id == klaviyo.OperationDeleteListRelationships:
				return BlameRequest
			}
			return BlamePath
		}
		synctest.Test(t, func(t *testing.T) {
			for status := 100; status <= 599; status++ {
				for _, body := range []string{"", own, page} {
					calls := 0
					c := newTestClient(t, func(*http.Request) (*http.Response, error) {
						calls++
						return answer(status, body), nil
					}, WithRetry(RetryPolicy{MaxAttempts: 2, MaxRateLimited: 1, MinBackoff: 1, MaxBackoff: 1}))
					err := c.Call(t.Context(), klaviyo.Call{Operation: op, PathParams: []string{"01A"}, Body: bodyFor(op)})
					if got, want := BlameOf(err), want(status, body); got != want || (err == nil) != (want == BlameNobody) {
						t.Errorf("%s %d %q: blame %d, want %d: %v", id, status, body, got, want, err)
					}
					attempts := 1
					if BlameOf(err) == BlameTemporary && status != 429 { // whose patience is another
						attempts = 2
					}
					if calls != attempts {
						t.Errorf("%s %d %q: %d attempts, want %d", id, status, body, calls, attempts)
					}
				}
			}
		})
	}
}

// TestEachKindHasABlame but for that of a request that was taken.
func TestEachKindHasABlame(t *testing.T) {
	for _, kind := range kinds {
		if got := BlameOf(fmt.Errorf("wrapped: %w", &Error{kind: kind})); (got == BlameNobody) != (kind == ErrUnexpectedResponse) {
			t.Errorf("%v: blame %d", kind, got)
		}
	}
	if got := BlameOf(errors.New("another")); got != BlameNobody {
		t.Errorf("an error of others: blame %d", got)
	}
}

var updateReliability = flag.Bool("update-reliability", false, "write the table of answers in docs/reliability.md anew")

var answersOnPage = regexp.MustCompile(`(?s)<!-- table: answers -->\n.*?<!-- end -->`)

// TestReliability checks the table of responses in docs/reliability.md against verdicts.
func TestReliability(t *testing.T) {
	const name = "../docs/reliability.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if got := len(answersOnPage.FindAllString(page, -1)); got != 1 {
		t.Fatalf("%s has %d tables of answers", name, got)
	}
	want := answersOnPage.ReplaceAllLiteralString(page, "<!-- table: answers -->\n\n"+verdictTable()+"\n<!-- end -->")
	switch {
	case want == page:
	case !*updateReliability:
		t.Errorf("the table of %s isn't the client's; run go test ./client -run Reliability -update-reliability", name)
	default:
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func verdictTable() string {
	causes := map[Blame]string{BlameRequest: "event", BlameAccount: "account", BlamePath: "wrong server", BlameTemporary: "temporary"}
	var table strings.Builder
	table.WriteString("| Response | Cause | Error |\n| --- | --- | --- |\n")
	for _, v := range statusRules {
		cause, kind := "none", "none: accepted"
		if v.kind != nil {
			cause, kind = causes[BlameOf(v.kind)], v.kind.Error()
		}
		fmt.Fprintf(&table, "| %s | %s | %s |\n", v.answers(), cause, kind)
	}
	return table.String()
}

// answers lists the responses of a rule.
func (v statusRule) answers() string {
	var statuses []string
	for _, s := range v.statuses {
		switch {
		case s == (statusRange{0, 999}):
			statuses = append(statuses, "any other response")
		case s.from == s.to:
			statuses = append(statuses, fmt.Sprint(s.from))
		default:
			statuses = append(statuses, fmt.Sprintf("%d–%d", s.from, s.to))
		}
	}
	return strings.TrimSpace(strings.Join(statuses, ", ") + " " + v.when.name)
}
