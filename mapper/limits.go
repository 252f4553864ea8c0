package mapper

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// The limits of create_event and create_profile. Sizes are in bytes of UTF-8.
const (
	maxMetricName       = 127 // characters
	maxProperties       = 300
	maxString           = 100_000
	maxListElements     = 4_000
	maxDepth            = 10
	maxEventSize        = 5_000_000
	maxProfileSize      = 100_000
	maxExternalIDLength = 255 // characters
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

// breaks notes that a request would break a limit, unless one is broken already. It is
// told when limits are checked.
func (m *mapping) breaks(err *Error) {
	if m.broken == nil {
		m.broken = err
	}
}

func tooLarge(what string, limit int) *Error {
	return limitError(CodeTooLarge, "", "%s has %d bytes at most", what, limit)
}

func eventTooLarge() *Error   { return tooLarge("an event", maxEventSize) }
func profileTooLarge() *Error { return tooLarge("a profile", maxProfileSize) }

// checkEvent says which limit of create_event the attributes break, or nil.
func (m *mapping) checkEvent(a *klaviyo.EventCreateAttributes, properties object, name path) *Error {
	if utf8.RuneCountInString(a.Metric.Name) > maxMetricName {
		return limitError(CodeMetricNameTooLong, pointerTo(name.text), "a metric's name has %d characters at most", maxMetricName)
	}
	if m.crowded[rootProperties] || len(properties) > maxProperties {
		return limitError(CodeTooManyProperties, "/properties", "an event has %d properties at most", maxProperties)
	}
	for i := range properties {
		p := &properties[i]
		if len(p.value) < 2*maxListElements && p.levels < maxDepth {
			continue // too short for a list or a string that is too long
		}
		if err := checkValue(p.value, 2); err != nil {
			return m.inEvent(err, p)
		}
	}
	switch raw := len(a.Properties) + len(a.Profile.Properties); {
	case m.broken != nil:
		return m.broken
	case m.isFarBelow(maxEventSize, raw):
		return nil
	case raw > maxEventSize || eventSize(*a) > maxEventSize:
		return eventTooLarge()
	}
	return nil
}

// inEvent has the pointer of an error in a property lead to the place in the event, where
// the property may have another name or stand within another.
func (m *mapping) inEvent(err *Error, p *member) *Error {
	properties := m.parts[rootProperties]
	for i := range properties {
		if found := err.at(properties[i].value, p.value); found != nil {
			return found.within(properties[i].name()).within([]byte("properties"))
		}
	}
	// Items are written anew, and what is wrong with one is wrong with what it was.
	if w := m.itemList(); w != 0 {
		list := &properties[m.at[rootProperties][w]-1]
		if found := checkValue(list.value, 2); found != nil && found.Code == err.Code {
			return found.within(list.name()).within([]byte("properties"))
		}
	}
	return err.within(p.name()).within([]byte("properties"))
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
	i := int64(0)
	for s := v.inside(); s.more(); i++ {
		var name value
		if v.isObject() {
			name = s.next()
			s.more() // past the colon
		}
		switch found := e.at(s.next(), part); {
		case found == nil:
		case v.isObject():
			return found.within(name.content())
		default:
			return found.within(strconv.AppendInt(nil, i, 10))
		}
	}
	return nil
}

// eventSize is what the body has on the wire. The properties are counted and not written.
func eventSize(a klaviyo.EventCreateAttributes) int {
	size := len(a.Properties) - len("{}")
	if custom := len(a.Profile.Properties); custom > 0 {
		size += custom - len("{}") + len(",") // they stand behind an identifier
	}
	a.Properties, a.Profile.Properties = []byte("{}"), nil
	return size + len(klaviyo.NewCreateEventBody(a).AppendJSON(nil))
}

// checkProfile says that the body of a create_profile is too large, or nil.
func (m *mapping) checkProfile(r CreateProfile) *Error {
	switch {
	case m.broken != nil:
		return m.broken
	case m.isFarBelow(maxProfileSize, len(r.Query.Data.Attributes.Properties)):
		return nil
	case len(r.AppendBody(nil)) > maxProfileSize:
		return profileTooLarge()
	}
	return nil
}

// checkExternalID says that a person's external id is too long, or nil.
func checkExternalID(p person) *Error {
	if utf8.RuneCountInString(p.ExternalID) > maxExternalIDLength {
		return limitError(CodeExternalIDTooLong, pointerTo(p.externalIDPath), "an external id has %d characters at most", maxExternalIDLength)
	}
	return nil
}

// checkValue checks the strings, lists and depth of a property, level 1 being the
// properties. The error's field is a JSON Pointer from the value on.
func checkValue(v value, level int) *Error {
	switch {
	case v.isString():
		if len(v) > maxString && len(v.content()) > maxString {
			return limitError(CodeStringTooLong, "", "a string has %d bytes at most", maxString)
		}
	case v.isObject():
		if level > maxDepth {
			return limitError(CodeTooDeep, "", "properties have %d levels at most", maxDepth)
		}
		for s := v.inside(); s.more(); {
			name := s.next()
			s.more() // past the colon
			if err := checkValue(s.next(), level+1); err != nil {
				return err.within(name.content())
			}
		}
	case v.isList():
		if level > maxDepth {
			return limitError(CodeTooDeep, "", "properties have %d levels at most", maxDepth)
		}
		if v.isLongerThan(maxListElements) {
			return limitError(CodeListTooLong, "", "a list has %d elements at most", maxListElements)
		}
		for i, element := range v.elements() {
			if err := checkValue(element, level+1); err != nil {
				return err.within(strconv.AppendInt(nil, int64(i), 10))
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

func limitError(code Code, pointer, format string, args ...any) *Error {
	return &Error{Code: code, Field: pointer, Message: fmt.Sprintf(format, args...)}
}

var pointerOf = strings.NewReplacer(".", "/", "[", "/", "]", "")

// pointerTo is the JSON Pointer of a dotted path.
func pointerTo(path string) string { return "/" + pointerOf.Replace(path) }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// within puts a name before the error's field, which is a JSON Pointer.
func (e *Error) within(name []byte) *Error {
	e.Field = "/" + pointerEscapes.Replace(shown(name)) + e.Field
	return e
}
