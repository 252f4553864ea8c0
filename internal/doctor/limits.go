package doctor

import (
	"fmt"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// checkLimits says what is left of the limits that the calls were answered with.
func checkLimits(f *Facts) []Finding {
	var findings []Finding
	advice := "Stop the other program while events are sent, or leave it a part of the limits with " + f.way("--quota-share.", "quotaShare in the accounts file.")
	if f.rateLimited > 0 {
		findings = append(findings, warning(fmt.Sprintf("Klaviyo answered calls with 429 (%d): another program uses up the account's limits", f.rateLimited), advice))
	}
	var low []string
	own, last := map[runtime.Endpoint]int{}, map[runtime.Endpoint]answer{}
	var order []runtime.Endpoint
	for _, a := range f.answers {
		endpoint := a.operation.Endpoint()
		own[endpoint] += a.Attempts
		if a.Limit > 0 {
			if _, ok := last[endpoint]; !ok {
				order = append(order, endpoint)
			}
			last[endpoint] = a
		}
	}
	for _, endpoint := range order {
		a := last[endpoint]
		if others := a.Limit - a.Remaining - own[endpoint]; others > 0 {
			left := fmt.Sprintf("%s has %d of %d calls left for %.0f seconds", a.operation.ID, a.Remaining, a.Limit, a.Reset.Seconds())
			if a.Remaining < a.Limit/2 {
				low = append(low, left)
				continue
			}
			findings = append(findings, ok(fmt.Sprintf("%s; another program, or an earlier run, has made %d", left, others)))
		}
	}
	if len(low) > 0 {
		findings = append(findings, warning("another program, or an earlier run, uses the account's limits: "+strings.Join(low, ", "), advice))
	}
	switch {
	case len(findings) > 0:
	case len(order) == 0:
		findings = append(findings, warning("not checked: no answer tells what is left of the limits", ""))
	default:
		findings = append(findings, ok(fmt.Sprintf("no other program has called the %d endpoints that doctor reads in this minute; the limits of the calls that write show only in a delivery", len(order))))
	}
	return findings
}
