package doctor

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Subject is the delivery to examine.
type Subject struct {
	// Settings are those that haven't their defaults, and Problems why they can't be used.
	Settings []Setting
	Problems []error
	// OfService says that the settings stand in the service's file of accounts and in those
	// that it names.
	OfService bool
	// Key is the private key, and KeySetting the setting that it comes from.
	Key, KeySetting string
	Mapping         mapper.Config
	Revision        Revision
	// Bulk says that profiles are imported as jobs, which have to be looked at.
	Bulk bool
	// Events are those to send; nil is for any.
	Events *Events
	// TextWidth is how many columns of a name or a value the findings show; 0 is for all.
	TextWidth int
}

// shown is a name or a value that others chose, as a finding may show it.
func (s *Subject) shown(text string) string {
	if s.TextWidth == 0 {
		return terminal.OneLine(text)
	}
	return terminal.Fit(text, s.TextWidth)
}

// way picks the advice on how to change a setting: that for the commands that send, or that for
// the service.
func (s *Subject) way(ofSend, ofService string) string {
	if s.OfService {
		return ofService
	}
	return ofSend
}

// Setting is a setting and where its value comes from.
type Setting struct{ Name, Value, Source string }

// Revision is the revision of the requests.
type Revision struct {
	Name string
	// Until is the day on which Klaviyo retires it, as in 2028-07-15.
	Until string
	// Later is a later revision that the program speaks, or empty.
	Later string
}

// Facts are a delivery and what the account shows.
type Facts struct {
	Subject

	now     time.Time
	account read[account]
	// served is a call in the revision of the delivery, made unless another one of that has
	// succeeded.
	served  read[struct{}]
	metrics read[[]metric]
	jobs    read[struct{}] // made where Bulk is set
	lists   []listRead
	items   []itemsRead

	answers     []answer
	rateLimited int64 // answers
}

// read is what a call gave.
type read[T any] struct {
	value T
	err   error
}

type listRead struct {
	id string
	read[list]
}

// itemsRead is the latest event of a metric whose events have items.
type itemsRead struct {
	metric                string
	read[json.RawMessage] // its properties; nil where there is no event
}

// answer is how a call was answered.
type answer struct {
	operation *runtime.Operation
	sent, got time.Time
	succeeded bool
	runtime.ResponseInfo
}

// succeeded tells whether a call of a revision has, or of any where it is empty.
func (f *Facts) succeeded(revision string) bool {
	return slices.ContainsFunc(f.answers, func(a answer) bool {
		return a.succeeded && (revision == "" || a.operation.Revision == revision)
	})
}
