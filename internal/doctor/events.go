package doctor

import (
	klaviyo2023 "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// maxNames is how many metrics, and how many lists, are remembered of events.
const maxNames = 5_000

// Events are those to send, as far as the account has to fit them. Make it with [NewEvents].
type Events struct {
	total, unsendable int
	metrics, lists    map[string]int // events by name, and subscriptions by the list's id
	sms               int            // subscriptions to SMS
}

// NewEvents makes Events of none.
func NewEvents() *Events {
	return &Events{metrics: map[string]int{}, lists: map[string]int{}}
}

// Add adds an event. It keeps nothing of its memory but names.
func (e *Events) Add(event plan.Event) {
	e.total++
	if event.Reason != nil {
		e.unsendable++
	}
	for _, request := range event.Result.Requests {
		switch request.Kind() {
		case mapper.KindEvent:
			count(e.metrics, request.Event().Metric)
		case mapper.KindSubscription, mapper.KindUnsubscription:
			list, sms := subscriptionOf(request)
			if list != "" {
				count(e.lists, list)
			}
			if sms {
				e.sms++
			}
		}
	}
}

func count(counts map[string]int, name string) {
	if _, ok := counts[name]; ok || len(counts) < maxNames {
		counts[string([]byte(name))]++
	}
}

// subscriptionOf is the list that a request names, and whether it subscribes to SMS.
func subscriptionOf(r mapper.Request) (list string, sms bool) {
	switch body := r.Body().(type) {
	case *klaviyo2023.SubscriptionCreateJobCreateQuery:
		for _, one := range body.Data.Attributes.Subscriptions {
			sms = sms || len(one.Channels.SMS) > 0
		}
		return body.Data.Attributes.ListID, sms
	case *klaviyo2023.UnsubscriptionCreateJobCreateQuery:
		return body.Data.Attributes.ListID, false
	case *klaviyo2026.SubscriptionCreateJobCreateQuery:
		for _, one := range body.Data.Attributes.Profiles.Data {
			sms = sms || one.Attributes.Subscriptions.SMS.Marketing.Consent != ""
		}
		return body.Data.Relationships.List.Data.ID, sms
	case *klaviyo2026.UnsubscriptionCreateJobCreateQuery:
		return body.Data.Relationships.List.Data.ID, false
	}
	return "", false
}
