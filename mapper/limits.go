package mapper

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Bounds of our own on what no real event has, so that each takes little memory.
const (
	maxTraits      = 20_000     // names in T, in C, and custom properties of a profile
	maxTraitNames  = 5_000_000  // bytes of the names of T and C together, as they came
	maxUnflattened = 4_096      // properties of an event, before flattening
	maxLostKeys    = 16_000_000 // bytes of the names that flattening finds taken
	maxItemFields  = 4_096      // of an item in an e-commerce event
	maxChannels    = 4_000      // in a profile's $consent
	maxTyped       = 1_000      // characters of a number, a time or an identifierType
	maxWarnings    = 100
	// maxShown is how many bytes of a name or an id an error, a warning or a Result has.
	maxShown = 1_000
)

// shown is the text as errors, warnings and results have it.
func shown[T ~string | ~[]byte](text T) string {
	if len(text) <= maxShown {
		return string(text)
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return string(text[:end]) + "…"
}

// setLimitError notes that a request would break a limit, unless one is broken already. It is
// told when limits are checked.
func (m *mapping) setLimitError(err *Error) {
	if m.broken == nil {
		m.broken = err
	}
}

func tooLarge(what string, limit int) *Error {
	return limitError(CodeTooLarge, "", "%s can have at most %d bytes", what, limit)
}

func (m *mapping) eventTooLarge() *Error   { return tooLarge("an event", m.revision.limits.event) }
func (m *mapping) profileTooLarge() *Error { return tooLarge("a profile", m.revision.limits.profile) }

// checkEvent says which limit an event breaks, or nil.
func (m *mapping) checkEvent(e *event, properties object, name path) *Error {
	most := &m.revision.limits
	if utf8.RuneCountInString(e.metric) > most.metricName {
		return limitError(CodeMetricNameTooLong, name.text, "an event name can have at most %d characters", most.metricName)
	}
	if m.crowded[rootProperties] || len(properties) > most.properties {
		return limitError(CodeTooManyProperties, "properties", "an event can have at most %d properties", most.properties)
	}
	for i := range properties {
		p := &properties[i]
		if len(p.value) < min(2*most.elements, most.text) && int(p.levels) < most.depth {
			continue // too short for a list or a string that is too long
		}
		if err := most.check(p.value, 2); err != nil {
			return m.inEvent(err, p)
		}
	}
	switch {
	case m.broken != nil:
		return m.broken
	case m.isEventTooLarge(e):
		return m.eventTooLarge()
	case m.isProfileTooLarge(e):
		return tooLarge("the profile inside an event", most.eventProfile)
	}
	return nil
}

func (m *mapping) isEventTooLarge(e *event) bool {
	most := m.revision.limits.event
	raw := len(e.properties) + e.profile.raw()
	return !m.isFarBelow(most, raw) && (raw > most || m.eventSize(e) > most)
}

// isProfileTooLarge tells of the profile inside an event.
func (m *mapping) isProfileTooLarge(e *event) bool {
	most := m.revision.limits.eventProfile
	if most == 0 || m.isFarBelow(most, e.profile.raw()) {
		return false
	}
	nobody := *e
	nobody.profile = profile{}
	return m.eventSize(e)-m.eventSize(&nobody)+len(emptyProfile) > most
}

// emptyProfile is a profile inside an event without anything in it, as JSON:API has it.
const emptyProfile = `{"attributes":{},"type":"profile"}`

// inEvent has the path of an error in a property lead to the place in the event, where
// the property may have another name or stand within another.
func (m *mapping) inEvent(err *Error, p *member) *Error {
	properties := m.parts[rootProperties]
	for i := range properties {
		if found := err.at(properties[i].value, p.value); found != nil {
			return found.member(properties[i].name()).within("properties")
		}
	}
	// Items are written anew, and what is wrong with one is wrong with what it was.
	if w := m.itemList(); w != 0 {
		list := &properties[m.at[rootProperties][w]-1]
		if found := m.revision.limits.check(list.value, 2); found != nil && found.Code == err.Code {
			return found.member(list.name()).within("properties")
		}
	}
	return err.member(p.name()).within("properties")
}

// at puts the way from a value to one that is a part of it before the error's field, or
// gives nil if it is no part.
func (e *Error) at(v, part value) *Error {
	if &v[0] == &part[0] {
		return e
	}
	if !v.isObject() && !v.isList() {
		return nil
	}
	i := 0
	for s := v.inside(); s.more(); i++ {
		var name value
		if v.isObject() {
			name = s.next()
			s.more() // past the colon
		}
		switch found := e.at(s.next(), part); {
		case found == nil:
		case v.isObject():
			return found.member(name.content())
		default:
			return found.element(i)
		}
	}
	return nil
}

// eventSize is what the body has on the wire. Large objects are counted and not written.
func (m *mapping) eventSize(e *event) int {
	small := *e
	small.properties = []byte("{}")
	size := len(e.properties) - len(small.properties)
	if len(e.custom) > 0 {
		small.custom = []byte(`{"":0}`)
		size += len(e.custom) - len(small.custom)
	}
	return size + len(m.revision.event(&small).AppendBody(nil))
}

// raw is the size of the JSON objects in the profile.
func (p *profile) raw() int { return len(p.custom) + len(p.patch.append) + len(p.patch.unappend) }

// checkProfile says that the body of a profile's request is too large, or nil.
func (m *mapping) checkProfile(r Request, raw int) *Error {
	switch most := m.revision.limits.profile; {
	case m.broken != nil:
		return m.broken
	case m.isFarBelow(most, raw):
		return nil
	case raw > most || len(r.AppendBody(nil)) > most:
		return m.profileTooLarge()
	}
	return nil
}

// check checks the strings, lists and depth of a property, level 1 being the
// properties. The error's field is the rest of a path from the value on: .name and [0].
func (most *limits) check(v value, level int) *Error {
	switch {
	case v.isString():
		if len(v) > most.text && len(v.content()) > most.text {
			return limitError(CodeStringTooLong, "", "a string can have at most %d bytes", most.text)
		}
	case v.isObject():
		if level > most.depth {
			return limitError(CodeTooDeep, "", "properties can be nested at most %d levels deep", most.depth)
		}
		for s := v.inside(); s.more(); {
			name := s.next()
			s.more() // past the colon
			if err := most.check(s.next(), level+1); err != nil {
				return err.member(name.content())
			}
		}
	case v.isList():
		if level > most.depth {
			return limitError(CodeTooDeep, "", "properties can be nested at most %d levels deep", most.depth)
		}
		if v.isLongerThan(most.elements) {
			return limitError(CodeListTooLong, "", "a list can have at most %d elements", most.elements)
		}
		for i, element := range v.elements() {
			if err := most.check(element, level+1); err != nil {
				return err.element(i)
			}
		}
	}
	return nil
}

// isFarBelow says that a body can't come near the limit. A value of the event stands
// at most twice in a request, and grows to at most six times its length where it is
// escaped anew; what flattening makes of it is in raw.
func (m *mapping) isFarBelow(limit, raw int) bool {
	const twice, escaped, envelope = 2, 6, 1_000
	return raw+twice*escaped*len(m.event)+envelope < limit
}

func limitError(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// member puts the name of an object's member before the rest of a path that the error's field
// is.
func (e *Error) member(name []byte) *Error { return e.within("." + shown(name)) }

// element puts the index of a list's element before it.
func (e *Error) element(i int) *Error { return e.within("[" + strconv.Itoa(i) + "]") }

// within puts the beginning of a path before the rest of it.
func (e *Error) within(path string) *Error {
	e.Field = path + e.Field
	return e
}
