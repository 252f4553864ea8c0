package doctor

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// What an account may have of metrics, and from where on a check warns.
const (
	maxMetrics  = 200
	manyMetrics = 180
)

// shownNames is how many names a text has.
const shownNames = 5

// metric is the account's metric that an event of a name counts for.
func (f *Facts) metric(name string) (metric, bool) {
	i := slices.IndexFunc(f.metrics.value, func(m metric) bool { return m.name == name && m.source == fromAPI })
	if i < 0 {
		return metric{}, false
	}
	return f.metrics.value[i], true
}

// newMetrics are those that the events would make.
func (f *Facts) newMetrics() []string {
	var names []string
	if f.Events != nil {
		for _, name := range slices.Sorted(maps.Keys(f.Events.metrics)) {
			if _, ok := f.metric(name); !ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// checkMetrics counts the metrics with those that the events would make.
func checkMetrics(f *Facts) []Finding {
	if f.metrics.err != nil {
		return notChecked(f.metrics.err)
	}
	has, added := len(f.metrics.value), f.newMetrics()
	text := fmt.Sprintf("the account has %d of %d metrics", has, maxMetrics)
	switch {
	case len(added) > 0:
		text += fmt.Sprintf(", and the events would make %d: %s", len(added), f.someOf(added))
	case f.Events != nil:
		text += ", and the events make no new one"
	}
	const fewer = "Leave events out (eventFilteringOption), or give several events one metric (metricNames)."
	switch all := has + len(added); {
	case all > maxMetrics && len(added) > 0:
		return []Finding{failure(text+"; Klaviyo refuses events of metrics beyond the limit", fewer)}
	case all >= manyMetrics:
		return []Finding{warning(text, fewer)}
	}
	return []Finding{ok(text)}
}

// someOf names a few of many.
func (f *Facts) someOf(names []string) string {
	named := make([]string, 0, shownNames)
	for _, name := range names[:min(len(names), shownNames)] {
		named = append(named, f.shown(name))
	}
	text := strings.Join(named, ", ")
	if more := len(names) - len(named); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// checkMetricNames looks for metrics of the account that a new one would stand beside, by
// mistake or because a shop system makes it.
func checkMetricNames(f *Facts) []Finding {
	if f.metrics.err != nil {
		return notChecked(f.metrics.err)
	}
	var findings []Finding
	given := map[string]bool{}
	for _, name := range f.Mapping.MetricNames {
		given[strings.TrimSpace(name.MetricName)] = true
	}
	names := maps.Clone(given)
	for _, name := range f.newMetrics() {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if _, ok := f.metric(name); ok {
			continue
		}
		switch other, how := f.similar(name); {
		case how != "":
			findings = append(findings, warning(fmt.Sprintf("%s would be a new metric beside %s, %s", f.shown(name), f.shown(other), how),
				"See which of them the flows are of, and set metricNames."))
		case given[name]:
			findings = append(findings, warning(fmt.Sprintf("metricNames gives %s, which the account doesn't have yet", f.shown(name)),
				"If it was to be an existing metric, correct the name."))
		}
	}
	if len(findings) == 0 {
		return []Finding{ok("no metric would stand beside one of the same name")}
	}
	return findings
}

// similar gives a metric of the account that is nearly of a name, and in what it differs.
func (f *Facts) similar(name string) (other, how string) {
	for _, m := range f.metrics.value {
		switch its := m.name; {
		case its == name && m.source == "":
			return its, "whose events come from elsewhere"
		case its == name:
			return its, "whose events come from " + f.shown(m.source)
		case strings.EqualFold(strings.Join(strings.Fields(its), " "), strings.Join(strings.Fields(name), " ")):
			return its, "which differs in case or spaces"
		}
	}
	return "", ""
}
