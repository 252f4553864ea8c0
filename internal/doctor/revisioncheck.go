package doctor

import (
	"errors"
	"fmt"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// soon is how long before its end a revision is warned about.
const soon = 180 * 24 * time.Hour

// checkRevision asks whether Klaviyo serves the revision, and looks at the day of its end.
func checkRevision(f *Facts) []Finding {
	r := f.Revision
	move := "Take a release of this program that supports a later revision."
	if r.Later != "" {
		move = f.way("Add --revision "+r.Later+".", "Set revision: "+r.Later+" in the account's destination.")
	}
	err := f.served.err
	until, parseErr := time.Parse(time.DateOnly, r.Until)
	over := parseErr == nil && !f.now.Before(until)
	switch {
	case errors.Is(err, client.ErrRevisionRetired):
		return []Finding{failure(fmt.Sprintf("Klaviyo no longer serves revision %s", r.Name), move)}
	case err != nil && over:
		return []Finding{warning(fmt.Sprintf("not checked: %s; by its date, Klaviyo retired revision %s on %s", reason(err), r.Name, r.Until), move)}
	case err != nil:
		return []Finding{warning(fmt.Sprintf("not checked: %s; by its date, Klaviyo serves revision %s until %s", reason(err), r.Name, r.Until), "")}
	case over:
		return []Finding{warning(fmt.Sprintf("revision %s is answered, though Klaviyo retired it on %s: its requests may be read as those of a later one", r.Name, r.Until), move)}
	case parseErr == nil && until.Sub(f.now) < soon:
		return []Finding{warning(fmt.Sprintf("Klaviyo serves revision %s, until %s", r.Name, r.Until), move)}
	}
	return []Finding{ok(fmt.Sprintf("Klaviyo serves revision %s, until %s", r.Name, r.Until))}
}
