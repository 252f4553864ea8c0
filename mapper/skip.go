package mapper

import (
	"bytes"
)

var (
	typePath         = newPath("type")
	integrationsPath = newPath("integrations")
	integrationsAll  = newPath("integrations.All")
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
	integrations, _ := m.lookup(integrationsPath)
	if !integrations.isObject() {
		return false
	}
	named := false
	for s := integrations.inside(); s.more(); {
		name := s.next()
		s.more() // past the colon
		choice := s.next()
		if len(name) > maxIntegration || !bytes.EqualFold(name.content(), integrationName) {
			continue
		}
		if string(choice) == "false" {
			return true
		}
		named = named || choice.isTruthy()
	}
	all, _ := m.lookup(integrationsAll)
	return string(all) == "false" && !named
}

// integrationName is the name of Klaviyo among the integrations, which is matched in any
// case. RudderStack's own guides write it in two.
var integrationName = []byte("Klaviyo")

// maxIntegration is the length of the name with all its letters escaped.
const maxIntegration = len(`"`) + len(`\u0000`)*len("Klaviyo") + len(`"`)

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
