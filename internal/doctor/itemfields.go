package doctor

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// sampleEvents are events of a shop with an item that has all fields whose names differ.
var sampleEvents = []string{"Product Viewed", "Product Added", "Checkout Started"}

const sampleItem = `{"product_id":"1","sku":"1","name":"A","price":1,"quantity":1,"url":"https://example.com/a","image_url":"https://example.com/a.png","categories":["C"]}`

// itemChoices are the values of itemFields.
var itemChoices = []mapper.ItemFields{mapper.ItemFieldsGuide, mapper.ItemFieldsKlaviyo, mapper.ItemFieldsTransformer}

// sampled maps a sample event, and gives its metric and the names of its item's fields. There
// are none where its metric has no items.
func sampled(cfg mapper.Config, event string) (metric string, fields []string) {
	m, err := mapper.New(cfg)
	if err != nil {
		return "", nil
	}
	result, err := m.Map([]byte(`{"type":"track","event":"` + event + `","messageId":"m","userId":"u",` +
		`"properties":{"email":"a@example.org","order_id":"1","products":[` + sampleItem + `]}}`))
	if err != nil {
		return "", nil
	}
	for _, request := range result.Requests {
		if request.Kind() != mapper.KindEvent || metric != "" {
			continue
		}
		var body struct {
			Data struct {
				Attributes struct{ Properties json.RawMessage }
			}
		}
		if json.Unmarshal(request.AppendBody(nil), &body) == nil {
			metric, fields = request.Event().Metric, itemsIn(body.Data.Attributes.Properties)
		}
	}
	return metric, fields
}

// itemsIn are the names of the fields of the first item of an event's properties.
func itemsIn(properties json.RawMessage) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(properties, &members) != nil {
		return nil
	}
	for name, value := range members {
		var items []map[string]json.RawMessage
		if strings.EqualFold(name, "items") && json.Unmarshal(value, &items) == nil && len(items) > 0 {
			return slices.Sorted(maps.Keys(items[0]))
		}
	}
	return nil
}

// metricsWithItems are the metrics whose events get items under the names of itemFields.
func metricsWithItems(cfg mapper.Config) []string {
	var metrics []string
	for _, event := range sampleEvents {
		if metric, fields := sampled(cfg, event); len(fields) > 0 && !slices.Contains(metrics, metric) {
			metrics = append(metrics, metric)
		}
	}
	return metrics
}

// checkItemFields holds the names of items' fields against those of the account's latest
// events.
func checkItemFields(f *Facts) []Finding {
	if f.metrics.err != nil {
		return notChecked(f.metrics.err)
	}
	var findings []Finding
	compared := 0
	for _, items := range f.items {
		if items.err != nil {
			findings = append(findings, warning(fmt.Sprintf("%s not checked: %s", f.shown(items.metric), reason(items.err)), ""))
			continue
		}
		theirs := itemsIn(items.value)
		if len(theirs) == 0 {
			continue
		}
		compared++
		ours := f.fieldsOf(f.Mapping, items.metric)
		best, fits := f.Mapping.ItemFields, common(ours, theirs)
		if best == "" {
			best = mapper.ItemFieldsGuide
		}
		current := best
		for _, choice := range itemChoices {
			cfg := f.Mapping
			cfg.ItemFields = choice
			if n := common(f.fieldsOf(cfg, items.metric), theirs); n > fits {
				best, fits = choice, n
			}
		}
		if best != current {
			findings = append(findings, warning(fmt.Sprintf("the latest event of %s has the fields of itemFields: %s, and not those of %s", f.shown(items.metric), best, current),
				"If flows read these fields, "+f.way("add --item-fields ", "set in the account's destination itemFields: ")+string(best)+"."))
		}
	}
	switch {
	case len(findings) > 0:
		return findings
	case compared == 0:
		return []Finding{ok("the account has no events with items to compare with")}
	}
	return []Finding{ok("items have the fields of the account's latest events")}
}

// fieldsOf are the names of items' fields in the events of a metric.
func (f *Facts) fieldsOf(cfg mapper.Config, metric string) []string {
	for _, event := range sampleEvents {
		if name, fields := sampled(cfg, event); name == metric {
			return fields
		}
	}
	return nil
}

func common(a, b []string) (n int) {
	for _, name := range a {
		if slices.Contains(b, name) {
			n++
		}
	}
	return n
}
