package mapper

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Limits of this package, far above real events, that bound the use of memory.
const (
	maxTraits        = 20_000     // names in T, in C, and custom properties of a profile
	maxTraitNames    = 5_000_000  // total bytes of the names in T and C
	maxUnflattened   = 4_096      // properties of an event, before flattening
	maxCollidingKeys = 16_000_000 // total bytes of the names that collide after flattening
	maxItemFields    = 4_096      // of an item in an e-commerce event
	maxChannels      = 4_000      // in a profile's $consent
	maxScalar        = 1_000      // characters of a number, a time or an identifierType
	maxWarnings      = 100
	// maxTruncated is the maximum size, in bytes, of a name or id in an error, a warning or a
	// Result.
	maxTruncated = 1_000
)

// truncate truncates a text for errors, warnings and results.
func truncate[T ~string | ~[]byte](text T) string {
	if len(text) <= maxTruncated {
		return string(text)
	}
	end := maxTruncated
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return string(text[:end]) + "…"
}

// setLimitError records a limit error, unless there already is one. It is returned when limits
// are checked.
func (m *mapping) setLimitError(err *Error) {
	if m.limitErr == nil {
		m.limitErr = err
	}
}

func tooLarge(what string, limit int) *Error {
	return limitError(CodeTooLarge, "", "%s can have at most %d bytes", what, limit)
}

func (m *mapping) eventTooLarge() *Error   { return tooLarge("an event", m.revision.limits.event) }
func (m *mapping) profileTooLarge() *Error { return tooLarge("a profile", m.revision.limits.profile) }

// checkEvent returns an error if an event exceeds a limit.
func (m *mapping) checkEvent(e *event, properties object, name path) *Error {
	lim := &m.revision.limits
	if utf8.RuneCountInString(e.metric) > lim.metricName {
		return limitError(CodeMetricNameTooLong, name.text, "an event name can have at most %d characters", lim.metricName)
	}
	if m.overflowed[rootProperties] || len(properties) > lim.properties {
		return limitError(CodeTooManyProperties, "properties", "an event can have at most %d properties", lim.properties)
	}
	for i := range properties {
		p := &properties[i]
		if len(p.value) < min(2*lim.elements, lim.text) && int(p.levels) < lim.depth {
			continue // too short to exceed a limit
		}
		if err := lim.check(p.value, 2); err != nil {
			return m.withEventPath(err, p)
		}
	}
	switch {
	case m.limitErr != nil:
		return m.limitErr
	case m.isEventTooLarge(e):
		return m.eventTooLarge()
	case m.isProfileTooLarge(e):
		return tooLarge("the profile inside an event", lim.eventProfile)
	}
	return nil
}

func (m *mapping) isEventTooLarge(e *event) bool {
	limit := m.revision.limits.event
	raw := len(e.properties) + e.profile.rawSize()
	return !m.isWellBelow(limit, raw) && (raw > limit || m.eventSize(e) > limit)
}

// isProfileTooLarge reports whether the profile inside an event is too large.
func (m *mapping) isProfileTooLarge(e *event) bool {
	limit := m.revision.limits.eventProfile
	if limit == 0 || m.isWellBelow(limit, e.profile.rawSize()) {
		return false
	}
	nobody := *e
	nobody.profile = profile{}
	return m.eventSize(e)-m.eventSize(&nobody)+len(emptyProfile) > limit
}

// emptyProfile is an empty profile inside an event.
const emptyProfile = `{"attributes":{},"type":"profile"}`

// withEventPath sets the field of an error in a property to the path in the event, where the
// property may have another name or be nested.
func (m *mapping) withEventPath(err *Error, p *member) *Error {
	properties := m.members[rootProperties]
	for i := range properties {
		if found := err.locate(properties[i].value, p.value); found != nil {
			return found.member(properties[i].name()).within("properties")
		}
	}
	// Items were rewritten, but the original item has the same problem.
	if w := m.itemList(); w != 0 {
		list := &properties[m.indexes[rootProperties][w]-1]
		if found := m.revision.limits.check(list.value, 2); found != nil && found.Code == err.Code {
			return found.member(list.name()).within("properties")
		}
	}
	return err.member(p.name()).within("properties")
}

// locate prefixes the field with the path from v to a part of it. It returns nil if part isn't
// in v.
func (e *Error) locate(v, part value) *Error {
	if &v[0] == &part[0] {
		return e
	}
	if !v.isObject() && !v.isList() {
		return nil
	}
	i := 0
	for s := v.contents(); s.more(); i++ {
		var name value
		if v.isObject() {
			name = s.next()
			s.more() // skip the colon
		}
		switch found := e.locate(s.next(), part); {
		case found == nil:
		case v.isObject():
			return found.member(name.content())
		default:
			return found.element(i)
		}
	}
	return nil
}

// eventSize returns the size of the request body. It adds the sizes of large objects without
// encoding them.
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

// rawSize returns the total size of the JSON objects in the profile.
func (p *profile) rawSize() int { return len(p.custom) + len(p.patch.append) + len(p.patch.unappend) }

// checkProfile returns an error if the body of a profile request is too large.
func (m *mapping) checkProfile(r Request, raw int) *Error {
	switch limit := m.revision.limits.profile; {
	case m.limitErr != nil:
		return m.limitErr
	case m.isWellBelow(limit, raw):
		return nil
	case raw > limit || len(r.AppendBody(nil)) > limit:
		return m.profileTooLarge()
	}
	return nil
}

// check checks the strings, lists and depth of a property. Level 1 is the object of properties.
// The field of the error is relative to the value: .name and [0].
func (lim *limits) check(v value, level int) *Error {
	switch {
	case v.isString():
		if len(v) > lim.text && len(v.content()) > lim.text {
			return limitError(CodeStringTooLong, "", "a string can have at most %d bytes", lim.text)
		}
	case v.isObject():
		if level > lim.depth {
			return limitError(CodeTooDeep, "", "properties can be nested at most %d levels deep", lim.depth)
		}
		for s := v.contents(); s.more(); {
			name := s.next()
			s.more() // skip the colon
			if err := lim.check(s.next(), level+1); err != nil {
				return err.member(name.content())
			}
		}
	case v.isList():
		if level > lim.depth {
			return limitError(CodeTooDeep, "", "properties can be nested at most %d levels deep", lim.depth)
		}
		if v.isLongerThan(lim.elements) {
			return limitError(CodeListTooLong, "", "a list can have at most %d elements", lim.elements)
		}
		for i, element := range v.elements() {
			if err := lim.check(element, level+1); err != nil {
				return err.element(i)
			}
		}
	}
	return nil
}

// isWellBelow reports whether a body can't come near the limit. A value of the event is at most
// twice in a request, and escaping makes it at most six times as long. raw is the size of
// flattened values.
func (m *mapping) isWellBelow(limit, raw int) bool {
	const twice, escaped, envelope = 2, 6, 1_000
	return raw+twice*escaped*len(m.event)+envelope < limit
}

func limitError(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// member prefixes the field with the name of a member.
func (e *Error) member(name []byte) *Error { return e.within("." + truncate(name)) }

// element prefixes the field with the index of an element.
func (e *Error) element(i int) *Error { return e.within("[" + strconv.Itoa(i) + "]") }

// within prefixes the field with a path.
func (e *Error) within(path string) *Error {
	e.Field = path + e.Field
	return e
}
