package mapper

import (
	"fmt"
	"slices"
)

// Rules for changes to existing custom properties of a profile. Each list has names of traits.
var (
	unsetRule    = newRule("fieldsToUnset", "integrations.Klaviyo.fieldsToUnset")
	appendRule   = newRule("fieldsToAppend", "integrations.Klaviyo.fieldsToAppend")
	unappendRule = newRule("fieldsToUnappend", "integrations.Klaviyo.fieldsToUnappend")
)

// consentProperty is the custom property for the consent in an event, in revisions that have no
// field for it.
const consentProperty = "$consent"

// readPatch moves the traits in the lists from the custom properties to the patch: the names of
// those to unset, and the values of those to append or unappend.
func (m *mapping) readPatch(p *patch, custom object) object {
	if len(m.members[rootKlaviyo]) == 0 {
		return custom
	}
	unset, added, removed := m.traitNames(&unsetRule), m.traitNames(&appendRule), m.traitNames(&unappendRule)
	if len(unset)+len(added)+len(removed) == 0 {
		return custom
	}
	p.unset = unset
	p.append, p.unappend = m.selectTraits(custom, added), m.selectTraits(custom, removed)
	toUnset, toChange := nameLookup(unset), nameLookup(added, removed)
	return slices.DeleteFunc(custom, func(trait member) bool {
		name := string(trait.name())
		if toUnset[name] && !toChange[name] && m.trace != nil {
			delete(m.trace.profile, name)
			m.trace.traceDecision(m.traitPath(trait.name()), &unsetRule)
		}
		return toUnset[name] || toChange[name] && !trait.value.isNull()
	})
}

// keepSent removes the names to unset that the request sets, as by flattening: the value that
// the event brings takes precedence.
func (m *mapping) keepSent(p *profile, custom object) {
	if len(p.patch.unset) == 0 {
		return
	}
	sent := make(map[string]bool, len(custom))
	for i := range custom {
		sent[string(custom[i].name())] = true
	}
	if p.consent != nil {
		sent[consentProperty] = true
	}
	var unset []string
	for _, name := range p.patch.unset {
		if sent[name] {
			m.warn(CodeNameCollision, m.unsetPath(name), "not unset: the event has a value that is sent under this name")
		} else {
			unset = append(unset, name)
		}
	}
	p.patch.unset = unset
}

// unsetPath returns the path of a name to unset.
func (m *mapping) unsetPath(name string) string {
	list, _ := m.lookup(unsetRule.from[0])
	at := m.optionPath(unsetRule.from[0])
	for i, element := range list.elements() {
		if element.isString() && element.text() == name {
			return fmt.Sprintf("%s[%d]", at, i)
		}
	}
	return at
}

// traitNames returns the names in a list without duplicates.
func (m *mapping) traitNames(r *rule) []string {
	list, _ := m.lookup(r.from[0])
	if len(list) == 0 || list.isNull() || list.isBlank() || list.isList() && !list.isLongerThan(0) {
		return nil
	}
	from := m.optionPath(r.from[0])
	switch {
	case !m.revision.supports.patch:
		m.warnUnsupported(from)
		return nil
	case !list.isList():
		m.warn(CodeWrongType, from, "must be a list of trait names")
		return nil
	case list.isLongerThan(maxTraits):
		m.setLimitError(limitError(CodeListTooLong, from, "can have at most %d trait names", maxTraits))
		return nil
	}
	m.traceRule(r, from)
	var names []string
	seen := make(map[string]bool)
	for _, element := range list.elements() {
		if !element.isString() || element.isBlank() {
			m.warn(CodeWrongType, from, "each trait name must be a string that isn't blank")
			continue
		}
		if name := string(m.countText(m.content(element))); !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// selectTraits returns the traits with the names that aren't null as a JSON object, or nil.
func (m *mapping) selectTraits(custom object, names []string) []byte {
	wanted := nameLookup(names)
	var found object
	for i := range custom {
		if trait := &custom[i]; wanted[string(trait.name())] && !trait.value.isNull() {
			found = append(found, *trait)
		}
	}
	if len(found) == 0 {
		return nil
	}
	return m.json(found, m.revision.limits.event, (*mapping).eventTooLarge)
}

func nameLookup(lists ...[]string) map[string]bool {
	set := make(map[string]bool)
	for _, name := range slices.Concat(lists...) {
		set[name] = true
	}
	return set
}
