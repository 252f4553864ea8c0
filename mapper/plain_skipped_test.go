package mapper_test

import (
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 7: reverse ETL, and what is skipped.

func (m *plain) skip(kind string) mapper.SkipReason {
	if !slices.Contains([]string{"", "identify", "track", "screen", "group"}, kind) && !(kind == "alias" && m.cfg.MergeOnAlias) {
		return mapper.SkipUnsupportedType
	}
	v, _ := m.event.get("integrations")
	integrations := pairsOf(v)
	named := false
	for _, choice := range integrations {
		if strings.EqualFold(choice.name, "klaviyo") {
			if kindOf(choice.raw) == 'f' {
				return mapper.SkipNotForKlaviyo
			}
			named = named || isTruthyValue(choice.raw)
		}
	}
	if all, _ := integrations.get("All"); kindOf(all) == 'f' && !named {
		return mapper.SkipNotForKlaviyo
	}
	if kind == "alias" {
		v, _ := m.event.get("context")
		m.context = pairsOf(v)
		if into, _ := m.merged(); into == "" {
			return mapper.SkipNotProfiles
		}
	}
	name, _ := m.event.get("event")
	if kind != "track" || kindOf(name) != '"' || isBlankText(name) {
		return ""
	}
	among := func(names mapper.EventNames) bool {
		return slices.ContainsFunc(names, func(n string) bool { return plainTrim(n) == plainTrim(textOf(name)) })
	}
	switch m.cfg.EventFilteringOption {
	case mapper.EventFilteringWhitelist:
		if !among(m.cfg.WhitelistedEvents) {
			return mapper.SkipFiltered
		}
	case mapper.EventFilteringBlacklist:
		if among(m.cfg.BlacklistedEvents) {
			return mapper.SkipFiltered
		}
	}
	return ""
}

func (m *plain) readRETL() {
	v, _ := m.context.get("externalId")
	if kindOf(v) != '[' {
		return
	}
	list := listOf(v)
	if len(list) == 0 {
		return
	}
	first := pairsOf(list[0])
	kind, _ := first.get("identifierType")
	id, _ := first.get("id")
	if kindOf(kind) != '"' || isBlankText(kind) || strings.IndexByte(`"0tf`, kindOf(id)) < 0 || isBlankText(id) {
		return
	}
	name := plainTrim(textOf(kind))
	m.t = m.t.with(name, id)
	if slices.Contains([]string{"userId", "id", "external_id"}, name) {
		m.retlID = id
	}
}
