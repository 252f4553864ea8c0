package klaviyotest

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// maxBody is the largest body in bytes. 1 KB is 1,000 bytes.
const maxBody = 5_000_000

// rule is what Klaviyo asks of a body beyond the description.
type rule struct {
	// at is a JSON Pointer, in which * is each element of an array. What isn't
	// there, or is null, breaks no rule.
	at    string
	check check
}

// check refuses a value, which is at a pointer.
type check func(at string, v any) []refusal

// The rules of bodies that are alike in every revision.
var (
	createProfileRules = []rule{
		{"/data/attributes", anyOf("email", "phone_number", "external_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
		{"/data/attributes/external_id", maxLength(255)},
	}
	updateProfileRules = createProfileRules[1:]
	createListRules    = []rule{{"/data/attributes/name", notEmpty}}
	membersRules       = []rule{{"/data", maxElements(1_000)}, {"/data", notEmpty}}
)

// maxProfileBody is the largest body, in bytes, of a call that writes a profile.
const maxProfileBody = 100_000

// checkRules applies the operation's rules to the body of a call.
func checkRules(c *call) []refusal {
	var refusals []refusal
	for _, r := range c.served().rules {
		refusals = append(refusals, r.apply("", strings.Split(r.at, "/")[1:], c.value)...)
	}
	return refusals
}

// apply checks what is at tokens in v, which is at a pointer itself.
func (r rule) apply(at string, tokens []string, v any) []refusal {
	switch {
	case v == nil:
		return nil
	case len(tokens) == 0:
		return r.check(at, v)
	case tokens[0] == "*":
		var refusals []refusal
		for i, element := range elements(v) {
			refusals = append(refusals, r.apply(pointer(at, strconv.Itoa(i)), tokens[1:], element)...)
		}
		return refusals
	default:
		return r.apply(pointer(at, tokens[0]), tokens[1:], object(v)[tokens[0]])
	}
}

// given tells whether a field says something.
func given(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return true
}

func anyOf(fields ...string) check {
	detail := "One of these must be there: " + strings.Join(fields, ", ") + "."
	return func(at string, v any) []refusal {
		for _, field := range fields {
			if given(object(v)[field]) {
				return nil
			}
		}
		return []refusal{invalid(at, detail)}
	}
}

func oneOf(fields ...string) check {
	detail := "Exactly one of these must be there: " + strings.Join(fields, ", ") + "."
	return func(at string, v any) []refusal {
		n := 0
		for _, field := range fields {
			if given(object(v)[field]) {
				n++
			}
		}
		if n == 1 {
			return nil
		}
		return []refusal{invalid(at, detail)}
	}
}

func notEmpty(at string, v any) []refusal {
	if given(v) {
		return nil
	}
	return []refusal{invalid(at, "The field is empty.")}
}

// email takes what has one @ with something on both sides, and no space.
func email(at string, v any) []refusal {
	address := text(v)
	local, domain, ok := strings.Cut(address, "@")
	isDomain := strings.Contains(strings.Trim(domain, "."), ".") && !strings.Contains(domain, "@")
	if ok && local != "" && isDomain && len(address) <= maxEmail && !strings.ContainsFunc(address, unicode.IsSpace) {
		return nil
	}
	return []refusal{invalid(at, "The field is no email address.")}
}

// maxEmail is the longest email address, in bytes.
const maxEmail = 100

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func phoneNumber(at string, v any) []refusal {
	if e164.MatchString(text(v)) {
		return nil
	}
	return []refusal{invalid(at, "The field is no phone number in E.164, such as +12025550147.")}
}

// eventTime takes a time after a year and at most a year ahead.
func eventTime(after int) check {
	return func(at string, v any) []refusal {
		t, err := runtime.Timestamp(text(v)).Time()
		switch {
		case err != nil:
			return []refusal{invalid(at, "The field is no time in RFC 3339.")}
		case t.UTC().Year() <= after:
			return []refusal{invalid(at, fmt.Sprintf("The time is not after the year %d.", after))}
		case t.After(time.Now().AddDate(1, 0, 0)):
			return []refusal{invalid(at, "The time is more than a year ahead.")}
		}
		return nil
	}
}

// maxLength limits the characters of a string.
func maxLength(limit int) check {
	detail := fmt.Sprintf("The field is no string of at most %d characters.", limit)
	return func(at string, v any) []refusal {
		if s, ok := v.(string); ok && utf8.RuneCountInString(s) <= limit {
			return nil
		}
		return []refusal{invalid(at, detail)}
	}
}

func maxElements(limit int) check {
	detail := fmt.Sprintf("The field has more than %d elements.", limit)
	return func(at string, v any) []refusal {
		if len(elements(v)) <= limit {
			return nil
		}
		return []refusal{invalid(at, detail)}
	}
}

func maxMembers(limit int) check {
	detail := fmt.Sprintf("The field has more than %d members.", limit)
	return func(at string, v any) []refusal {
		if len(object(v)) <= limit {
			return nil
		}
		return []refusal{invalid(at, detail)}
	}
}

// maxBytes limits the JSON of a value.
func maxBytes(limit int) check {
	detail := fmt.Sprintf("The field has more than %d bytes.", limit)
	return func(at string, v any) []refusal {
		if len(encode(v)) <= limit {
			return nil
		}
		return []refusal{invalid(at, detail)}
	}
}

// maxInside limits what is anywhere in a value: the bytes of a string, the
// elements of an array, and how deep objects and arrays nest.
func maxInside(stringBytes, listElements, levels int) check {
	var inside func(at string, v any, level int) []refusal
	inside = func(at string, v any, level int) []refusal {
		var refusals []refusal
		switch v := v.(type) {
		case string:
			if len(v) > stringBytes {
				return []refusal{invalid(at, fmt.Sprintf("The string has more than %d bytes.", stringBytes))}
			}
		case []any:
			if level > levels {
				return []refusal{invalid(at, fmt.Sprintf("The field is more than %d levels deep.", levels))}
			}
			if len(v) > listElements {
				return []refusal{invalid(at, fmt.Sprintf("The list has more than %d elements.", listElements))}
			}
			for i, element := range v {
				refusals = append(refusals, inside(pointer(at, strconv.Itoa(i)), element, level+1)...)
			}
		case map[string]any:
			if level > levels {
				return []refusal{invalid(at, fmt.Sprintf("The field is more than %d levels deep.", levels))}
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				refusals = append(refusals, inside(pointer(at, name), v[name], level+1)...)
			}
		}
		return refusals
	}
	return func(at string, v any) []refusal { return inside(at, v, 1) }
}
