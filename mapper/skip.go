package mapper

var (
	typePath        = newPath("type")
	integrationsAll = newPath("integrations.All")
)

// skip gives the reason why an event of that type is not for Klaviyo, or nothing.
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

// excludedByIntegrations is true for Klaviyo: false, and for All: false without a
// truthy Klaviyo.
func (m *mapping) excludedByIntegrations() bool {
	named := false
	for i := range m.parts[rootIntegrations] {
		choice := &m.parts[rootIntegrations][i]
		if choice.word != wordKlaviyo {
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

// excludedByFilter looks at the event's own name alone; without one it passes.
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
