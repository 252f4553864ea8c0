package doctor

import (
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
			if list := listOfRequest(request); list != "" {
				count(e.lists, list)
			}
			if asksForSMS(request) {
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
