package mapper

import (
	"bytes"
	"encoding/json"
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

// checkEvent says which limit of create_event the attributes break, or nil.
func (m *mapping) checkEvent(a *klaviyo.EventCreateAttributes, properties object, name path) *Error {
	if utf8.RuneCountInString(a.Metric.Name) > maxMetricName {
		return limitError(CodeMetricNameTooLong, pointerTo(name.text), "a metric's name has %d characters at most", maxMetricName)
	}
	if m.crowded || len(properties) > maxProperties {
		return limitError(CodeTooManyProperties, "/properties", "an event has %d properties at most", maxProperties)
	}
	for i := range properties {
		p := &properties[i]
		if len(p.value) < 2*maxListElements && p.levels < maxDepth {
			continue // too short for a list or a string that is too long
		}
		if err := checkValue(p.value, 2); err != nil {
			return err.within(string(p.name())).within("properties")
		}
	}
	if m.isFarBelow(maxEventSize, len(a.Properties)+len(a.Profile.Properties)) {
		return nil
	}
	return checkSize(klaviyo.NewCreateEventBody(*a), maxEventSize, "an event")
}

// checkProfile says that the body of a create_profile is too large, or nil.
func (m *mapping) checkProfile(r CreateProfile) *Error {
	if m.isFarBelow(maxProfileSize, len(r.Query.Data.Attributes.Properties)) {
		return nil
	}
	return checkSize(r.Query, maxProfileSize, "a profile")
}

// checkExternalID says that an external id, which came from place, is too long, or nil.
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
				return err.within(name.text())
			}
		}
	case v.isList():
		if level > maxDepth {
			return limitError(CodeTooDeep, "", "properties have %d levels at most", maxDepth)
		}
		elements := v.elements()
		if len(elements) > maxListElements {
			return limitError(CodeListTooLong, "", "a list has %d elements at most", maxListElements)
		}
		for i, element := range elements {
			if err := checkValue(element, level+1); err != nil {
				return err.within(strconv.Itoa(i))
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

// checkSize says that a body is larger than the limit, or nil.
func checkSize(body any, limit int, what string) *Error {
	size, err := encodedSize(body)
	if err != nil {
		return limitError(CodeTooLarge, "", "the request can't be encoded")
	}
	if size > limit {
		return limitError(CodeTooLarge, "", "%s has %d bytes at most", what, limit)
	}
	return nil
}

// encodedSize is what a body has on the wire, where HTML isn't escaped.
func encodedSize(body any) (int, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(body)
	return buffer.Len() - len("\n"), err
}

func limitError(code Code, pointer, format string, args ...any) *Error {
	return &Error{Code: code, Field: pointer, Message: fmt.Sprintf(format, args...)}
}

var pointerOf = strings.NewReplacer(".", "/", "[", "/", "]", "")

// pointerTo is the JSON Pointer of a dotted path.
func pointerTo(path string) string { return "/" + pointerOf.Replace(path) }

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// within puts a name before the error's field, which is a JSON Pointer.
func (e *Error) within(name string) *Error {
	e.Field = "/" + pointerEscapes.Replace(name) + e.Field
	return e
}
