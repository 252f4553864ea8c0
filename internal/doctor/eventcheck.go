package doctor

import "fmt"

// checkEvents says how many of the events can't be sent.
func checkEvents(f *Facts) []Finding {
	switch e := f.Events; {
	case e == nil:
		return nil
	case e.total == 0:
		return []Finding{warning("there are no events", "")}
	case e.unsendable > 0:
		return []Finding{warning(fmt.Sprintf("%d of %d events can't be sent", e.unsendable, e.total), "rudderklaviyo plan says why.")}
	default:
		return []Finding{ok(fmt.Sprintf("all %d events can be sent or are skipped", e.total))}
	}
}
