package doctor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// listIDs are the lists that the config and the events name.
func (f *Facts) listIDs() []string {
	var ids []string
	if id := strings.TrimSpace(f.Mapping.ListID); id != "" {
		ids = append(ids, id)
	}
	if f.Events != nil {
		for _, id := range slices.Sorted(maps.Keys(f.Events.lists)) {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// checkLists looks each list up.
func checkLists(f *Facts) []Finding {
	ids := f.listIDs()
	if len(ids) == 0 {
		text := "the config names no list; an event that subscribes somebody has to name its own"
		if f.Events != nil {
			text = "neither the config nor the events name a list"
		}
		return []Finding{ok(text)}
	}
	var findings []Finding
	for _, list := range f.lists {
		findings = append(findings, f.found(list))
		if refusesAll(list.err) {
			return findings
		}
	}
	if more := len(ids) - len(f.lists); more > 0 {
		findings = append(findings, warning(fmt.Sprintf("not checked: %d more lists, since doctor looks %d up", more, maxLists), ""))
	}
	return findings
}

// found is what a look at a list has shown.
func (f *Facts) found(list listRead) Finding {
	where := f.namedBy(list.id)
	switch {
	case errors.Is(list.err, client.ErrNotFound):
		return failure(fmt.Sprintf("the account has no list %s, which %s", f.shown(list.id), where),
			"Correct the id (in Klaviyo: Lists & segments, the list, Settings), or make the list.")
	case list.err != nil:
		return warning(fmt.Sprintf("list %s not checked: %s", f.shown(list.id), reason(list.err)), "")
	}
	text := fmt.Sprintf("list %s (%s), which %s,", f.shown(list.value.name), f.shown(list.id), where)
	switch list.value.optIn {
	case singleOptIn:
		return ok(text + " has single opt-in: who is subscribed is on it at once")
	case doubleOptIn:
		text += " has double opt-in: "
		if f.Mapping.HistoricalImport {
			return ok(text + "with historicalImport nobody gets a mail to confirm")
		}
		return warning(text+"Klaviyo mails each person, who is subscribed after confirming",
			"If they have consented already, "+f.withoutConfirming()+"set the list to single opt-in.")
	}
	return warning(text+" doesn't show how people join it", "")
}

// withoutConfirming is what else has people on a list with double opt-in at once, or empty
// where the revision has no such thing.
func (f *Facts) withoutConfirming() string {
	historical := mapper.Config{Revision: f.Revision.Name, HistoricalImport: true}
	if _, err := mapper.New(historical); err != nil {
		return ""
	}
	return f.way("add --historical-import", "set historicalImport: true in the account's destination") + ", or "
}

// namedBy says who names a list.
func (f *Facts) namedBy(id string) string {
	events := 0
	if f.Events != nil {
		events = f.Events.lists[id]
	}
	switch {
	case strings.TrimSpace(f.Mapping.ListID) != id:
		return fmt.Sprintf("the events name (subscriptions: %d)", events)
	case events > 0:
		return fmt.Sprintf("listId names (subscriptions: %d)", events)
	}
	return "listId names"
}

// checkSMS says what the API doesn't show of text messages.
func checkSMS(f *Facts) []Finding {
	var asked []string
	if f.Mapping.SMSConsent != nil && *f.Mapping.SMSConsent || f.Mapping.SMSConsent == nil && slices.Contains(f.Mapping.Consent, mapper.ChannelSMS) {
		asked = append(asked, "the settings")
	}
	if f.Events != nil && f.Events.sms > 0 {
		asked = append(asked, fmt.Sprintf("%d of the events", f.Events.sms))
	}
	if len(asked) == 0 {
		return []Finding{ok("nothing asks for consent to SMS")}
	}
	text := strings.Join(asked, " and ") + " ask for consent to SMS. The API doesn't show whether the account has a sending number for the people's countries; without one, Klaviyo refuses the subscription"
	for _, metric := range f.metrics.value {
		if strings.Contains(metric.name, "SMS") {
			text += ". The account has used SMS: it has the metric " + f.shown(metric.name)
			break
		}
	}
	return []Finding{warning(text, "See Settings, SMS in Klaviyo.")}
}
