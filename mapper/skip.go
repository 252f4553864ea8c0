package mapper

var (
	typePath        = newPath("type")
	integrationsAll = newPath("integrations.All")
)

// skip returns the reason to skip an event, or "".
func (m *mapping) skip(eventType string, rule *typeRule) SkipReason {
	switch {
	case rule == nil && eventType != "":
		return SkipUnsupportedType
	case m.excludedByIntegrations():
		return SkipNotForKlaviyo
	case rule != nil && rule.skip != nil:
		return rule.skip(m)
	}
	return ""
}

func (m *mapping) skipFiltered() SkipReason {
	if m.excludedByFilter() {
		return SkipFiltered
	}
	return ""
}

// excludedByIntegrations reports whether integrations has Klaviyo: false, or All: false without
// a truthy Klaviyo.
func (m *mapping) excludedByIntegrations() bool {
	named := false
	for i := range m.members[rootIntegrations] {
		choice := &m.members[rootIntegrations][i]
		if choice.nameID != nameKlaviyo {
			continue
		}
		if string(choice.value) == "false" {
			return true
		}
		named = named || choice.value.isTruthy()
	}
	all, _ := m.lookup(integrationsAll)
	return string(all) == "false" && !named
}

// excludedByFilter reports whether the event filter excludes the event. Only the event's name
// is compared. An event without a name isn't excluded.
func (m *mapping) excludedByFilter() bool {
	v, _ := m.lookup(eventPath)
	if !v.isString() {
		return false
	}
	name := trimBytes(m.content(v))
	if len(name) == 0 {
		return false
	}
	switch m.cfg.EventFilteringOption {
	case EventFilteringWhitelist:
		return !m.whitelist[string(name)]
	case EventFilteringBlacklist:
		return m.blacklist[string(name)]
	}
	return false
}

func (n EventNames) set() map[string]bool {
	set := make(map[string]bool, len(n))
	for _, name := range n {
		set[trim(name)] = true
	}
	return set
}
