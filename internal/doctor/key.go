package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// checkKey looks at the key's form, and at the account that it opens.
func checkKey(f *Facts) []Finding {
	if f.Key == "" {
		return []Finding{failure("there is no private API key", f.way(
			"Set KLAVIYO_API_KEY, or privateApiKey in the file of --config.", "Put it in the file of the account's klaviyoKeyFile."))}
	}
	if _, err := client.New(f.Key); err != nil {
		return []Finding{failure(fmt.Sprintf("%s: %s", f.KeySetting, errors.Unwrap(err)), "Copy the private key from the account again (Settings, API keys).")}
	}
	var findings []Finding
	if !strings.HasPrefix(f.Key, "pk_") {
		findings = append(findings, warning(f.KeySetting+" doesn't begin with pk_, as Klaviyo's private keys do", "See whether it is the private key."))
	}
	return append(findings, f.openedAccount())
}

func (f *Facts) openedAccount() Finding {
	err := f.account.err
	switch {
	case err != nil && (f.succeeded("") || lacksAScope(err)):
		return warning("Klaviyo takes the key, but which account it opens isn't shown: "+reason(err), "")
	case errors.Is(err, client.ErrRevisionRetired), // which the delivery's need not be
		errors.Is(err, client.ErrRateLimited), errors.Is(err, context.DeadlineExceeded): // for which a delivery waits
		return warning("not checked: "+detailed(err), refusalOf(err).advice)
	case err != nil:
		r := refusalOf(err)
		finding := failure(detailed(err), r.advice)
		finding.passes = r.passes
		return finding
	case f.account.value.id == "":
		return warning("Klaviyo takes the key and shows no account", "")
	}
	a := f.account.value
	text := fmt.Sprintf("the key opens the account %s (%s), time zone %s, currency %s", f.shown(a.name), f.shown(a.id), f.shown(a.timeZone), f.shown(a.currency))
	if a.isTest {
		text += "; it is an account for tests"
	}
	return ok(text)
}

// scopeRead is a call that shows whether the key has the scope for it.
type scopeRead struct {
	err error
	// lacking is what it means that the scope is missing, and needed says that a delivery
	// needs it.
	lacking string
	needed  bool
}

func (r scopeRead) finding() Finding {
	switch {
	case !lacksAScope(r.err):
		return warning("not checked: "+reason(r.err), "")
	case r.needed:
		return failure(reason(r.err)+": "+r.lacking, refusalOf(r.err).advice+" Or add --bulk never.")
	}
	return warning(reason(r.err)+": "+r.lacking, "")
}

// checkScopes says what the key may read. What it may write shows in a delivery alone.
func checkScopes(f *Facts) []Finding {
	if refusesAll(f.account.err) {
		return notChecked(f.account.err)
	}
	reads := []scopeRead{
		{f.account.err, "a delivery doesn't need it, but doctor can't tell which account the key opens", false},
		{f.metrics.err, "a delivery doesn't need it, but doctor can't look at the metrics", false},
	}
	for _, list := range f.lists {
		if !errors.Is(list.err, client.ErrNotFound) { // which a key may read
			reads = append(reads, scopeRead{list.err, "a delivery of single profiles doesn't need it, but doctor can't look at the lists", false})
		}
	}
	for _, items := range f.items {
		reads = append(reads, scopeRead{items.err, "a delivery doesn't need it, but doctor can't compare the fields of items", false})
	}
	reads = append(reads, scopeRead{f.jobs.err, "a delivery can't follow the jobs that import profiles", true})

	var findings []Finding
	told := map[string]bool{}
	for _, read := range reads {
		found := read.finding()
		if read.err != nil && !told[found.Text] {
			findings = append(findings, found)
			told[found.Text] = true
		}
	}
	if len(findings) == 0 {
		findings = append(findings, ok("the key may read what doctor and a delivery read; whether it may write ("+
			strings.Join(writeScopes, ", ")+") shows only in a delivery"))
	}
	return findings
}

// writeScopes are those of what the mapper makes.
var writeScopes = []string{"events:write", "profiles:write", "lists:write", "subscriptions:write"}
