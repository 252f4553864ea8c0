package doctor

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// The calls that read an account. None writes anything. Each is of the latest revision that
// has its operation, and decodes only the fields that the checks need: a later revision is
// read without a change here unless it renames one of them, which the tests show.

type account struct {
	id, name           string
	timeZone, currency string
	isTest             bool
}

type list struct{ name, optIn string }

// The ways in which people join a list.
const (
	singleOptIn = "single_opt_in"
	doubleOptIn = "double_opt_in"
)

// metric is a metric with the name of where its events come from: [fromAPI] or a shop system.
type metric struct{ id, name, source string }

const fromAPI = "api"

// inLatest gives an operation in the latest revision that has it.
func inLatest(id runtime.OperationID) *runtime.Operation {
	var latest *runtime.Operation
	for _, revision := range mapper.Revisions() {
		if op, ok := client.Operations(revision).Lookup(id); ok {
			latest = op
		}
	}
	return latest
}

// resource is an element of an answer's data, with the attributes that are of interest.
type resource[A any] struct {
	ID         string
	Attributes A
}

// page is an answer with several.
type page[A any] struct {
	Data  []resource[A]
	Links struct{ Next string }
}

func (l *looking) readAccount(ctx context.Context) (account, error) {
	var answer page[struct {
		ContactInformation struct {
			OrganizationName string `json:"organization_name"`
		} `json:"contact_information"`
		TimeZone string `json:"timezone"`
		Currency string `json:"preferred_currency"`
		IsTest   bool   `json:"test_account"`
	}]
	err := l.Call(ctx, runtime.Call{Operation: inLatest("get_accounts"), Response: &answer})
	if err != nil || len(answer.Data) == 0 {
		return account{}, err
	}
	a := answer.Data[0].Attributes
	return account{
		id: answer.Data[0].ID, name: a.ContactInformation.OrganizationName,
		timeZone: a.TimeZone, currency: a.Currency, isTest: a.IsTest,
	}, nil
}

func (l *looking) readList(ctx context.Context, id string) (list, error) {
	var answer struct {
		Data resource[struct {
			Name  string
			OptIn string `json:"opt_in_process"`
		}]
	}
	if err := l.Call(ctx, runtime.Call{Operation: inLatest("get_list"), PathParams: []string{id}, Response: &answer}); err != nil {
		return list{}, err
	}
	a := answer.Data.Attributes
	return list{name: a.Name, optIn: a.OptIn}, nil
}

func (l *looking) readMetrics(ctx context.Context) (all []metric, err error) {
	type metrics = page[struct {
		Name        string
		Integration json.RawMessage
	}]
	op := inLatest("get_metrics")
	for answer, err := range runtime.Pages(op, "", func(cursor string) (*metrics, string, error) {
		var answer metrics
		query := url.Values{}
		runtime.AddQuery(query, "page[cursor]", true, cursor)
		err := l.Call(ctx, runtime.Call{Operation: op, Query: query, Response: &answer})
		return &answer, answer.Links.Next, err
	}) {
		if err != nil {
			return nil, err
		}
		for _, m := range answer.Data {
			all = append(all, metric{id: m.ID, name: m.Attributes.Name, source: sourceOf(m.Attributes.Integration)})
		}
	}
	return all, nil
}

// sourceOf is where the events of a metric come from. It is empty where that isn't known.
func sourceOf(integration json.RawMessage) string {
	var from struct{ Name, Category string }
	if json.Unmarshal(integration, &from) != nil {
		return ""
	}
	if strings.EqualFold(from.Category, "api") || strings.EqualFold(from.Name, "api") {
		return fromAPI
	}
	return from.Name
}

// readLatest gives the properties of the latest event of a metric, nil where there is none.
func (l *looking) readLatest(ctx context.Context, metricID string) (json.RawMessage, error) {
	var answer page[struct {
		Properties json.RawMessage `json:"event_properties"`
	}]
	query := url.Values{
		"filter":     {runtime.Filter("equals", "metric_id", runtime.FilterValue(metricID))},
		"page[size]": {"1"},
		"sort":       {"-datetime"},
	}
	err := l.Call(ctx, runtime.Call{Operation: inLatest("get_events"), Query: query, Response: &answer})
	if err != nil || len(answer.Data) == 0 {
		return nil, err
	}
	return answer.Data[0].Attributes.Properties, nil
}

// readJobs looks at the jobs that import profiles.
func (l *looking) readJobs(ctx context.Context) error {
	var answer json.RawMessage
	return l.Call(ctx, runtime.Call{Operation: inLatest("get_bulk_import_profiles_jobs"), Query: url.Values{"page[size]": {"1"}}, Response: &answer})
}
