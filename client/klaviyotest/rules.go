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

// maxBody is the maximum size of a body in bytes. 1 KB is 1,000 bytes.
const maxBody = 5_000_000

// A rule is a rule of Klaviyo for bodies that the API description doesn't contain.
type rule struct {
	// at is a JSON Pointer, in which * is each element of an array. Missing and null values
	// aren't checked.
	at    string
	check check
}

// A check returns the errors of a value at a pointer.
type check func(at string, v any) []requestError

// Rules for bodies that are the same in all revisions.
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

// maxProfileBody is the maximum size, in bytes, of the body of a call that writes a profile.
const maxProfileBody = 100_000

// checkRules checks the body of a call by the rules of its operation.
func checkRules(c *call) []requestError {
	var errs []requestError
	for _, r := range c.operationSpec().rules {
		errs = append(errs, r.apply("", strings.Split(r.at, "/")[1:], c.value)...)
	}
	return errs
}

// apply checks the value at tokens within v, which is at the pointer at.
func (r rule) apply(at string, tokens []string, v any) []requestError {
	switch {
	case v == nil:
		return nil
	case len(tokens) == 0:
		return r.check(at, v)
	case tokens[0] == "*":
		var errs []requestError
		for i, element := range elements(v) {
			errs = append(errs, r.apply(pointer(at, strconv.Itoa(i)), tokens[1:], element)...)
		}
		return errs
	default:
		return r.apply(pointer(at, tokens[0]), tokens[1:], object(v)[tokens[0]])
	}
}

// isSet reports whether a value is neither null nor empty.
func isSet(v any) bool {
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
	detail := "One of these fields is required: " + strings.Join(fields, ", ") + "."
	return func(at string, v any) []requestError {
		for _, field := range fields {
			if isSet(object(v)[field]) {
				return nil
			}
		}
		return []requestError{invalidField(at, detail)}
	}
}

func oneOf(fields ...string) check {
	detail := "Exactly one of these fields is required: " + strings.Join(fields, ", ") + "."
	return func(at string, v any) []requestError {
		n := 0
		for _, field := range fields {
			if isSet(object(v)[field]) {
				n++
			}
		}
		if n == 1 {
			return nil
		}
		return []requestError{invalidField(at, detail)}
	}
}

func notEmpty(at string, v any) []requestError {
	if isSet(v) {
		return nil
	}
	return []requestError{invalidField(at, "The field is empty.")}
}

// email requires one @ with text on both sides, a dot in the domain, and no whitespace.
func email(at string, v any) []requestError {
	address := text(v)
	local, domain, ok := strings.Cut(address, "@")
	isDomain := strings.Contains(strings.Trim(domain, "."), ".") && !strings.Contains(domain, "@")
	if ok && local != "" && isDomain && len(address) <= maxEmail && !strings.ContainsFunc(address, unicode.IsSpace) {
		return nil
	}
	return []requestError{invalidField(at, "The field is not a valid email address.")}
}

// maxEmail is the maximum length of an email address in bytes.
const maxEmail = 100

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func phoneNumber(at string, v any) []requestError {
	if e164.MatchString(text(v)) {
		return nil
	}
	return []requestError{invalidField(at, "The field is not a valid phone number in E.164 format, such as +12025550147.")}
}

// eventTime requires a time after the year after, and at most a year in the future.
func eventTime(after int) check {
	return func(at string, v any) []requestError {
		t, err := runtime.Timestamp(text(v)).Time()
		switch {
		case err != nil:
			return []requestError{invalidField(at, "The field is not a valid time in RFC 3339.")}
		case t.UTC().Year() <= after:
			return []requestError{invalidField(at, fmt.Sprintf("The time is not after the year %d.", after))}
		case t.After(time.Now().AddDate(1, 0, 0)):
			return []requestError{invalidField(at, "The time is more than a year ahead.")}
		}
		return nil
	}
}

// maxLength limits the length of a string in characters.
func maxLength(limit int) check {
	detail := fmt.Sprintf("The field is not a string of at most %d characters.", limit)
	return func(at string, v any) []requestError {
		if s, ok := v.(string); ok && utf8.RuneCountInString(s) <= limit {
			return nil
		}
		return []requestError{invalidField(at, detail)}
	}
}

func maxElements(limit int) check {
	detail := fmt.Sprintf("The field has more than %d elements.", limit)
	return func(at string, v any) []requestError {
		if len(elements(v)) <= limit {
			return nil
		}
		return []requestError{invalidField(at, detail)}
	}
}

func maxMembers(limit int) check {
	detail := fmt.Sprintf("The field has more than %d members.", limit)
	return func(at string, v any) []requestError {
		if len(object(v)) <= limit {
			return nil
		}
		return []requestError{invalidField(at, detail)}
	}
}

// maxBytes limits the size of a value as JSON.
func maxBytes(limit int) check {
	detail := fmt.Sprintf("The field has more than %d bytes.", limit)
	return func(at string, v any) []requestError {
		if len(encode(v)) <= limit {
			return nil
		}
		return []requestError{invalidField(at, detail)}
	}
}

// maxNested limits all values within a value: the bytes of a string, the elements of an array,
// and the depth.
func maxNested(stringBytes, listElements, levels int) check {
	var inside func(at string, v any, level int) []requestError
	inside = func(at string, v any, level int) []requestError {
		var errs []requestError
		switch v := v.(type) {
		case string:
			if len(v) > stringBytes {
				return []requestError{invalidField(at, fmt.Sprintf("The string has more than %d bytes.", stringBytes))}
			}
		case []any:
			if level > levels {
				return []requestError{invalidField(at, fmt.Sprintf("The field is more than %d levels deep.", levels))}
			}
			if len(v) > listElements {
				return []requestError{invalidField(at, fmt.Sprintf("The list has more than %d elements.", listElements))}
			}
			for i, element := range v {
				errs = append(errs, inside(pointer(at, strconv.Itoa(i)), element, level+1)...)
			}
		case map[string]any:
			if level > levels {
				return []requestError{invalidField(at, fmt.Sprintf("The field is more than %d levels deep.", levels))}
			}
			for _, name := range slices.Sorted(maps.Keys(v)) {
				errs = append(errs, inside(pointer(at, name), v[name], level+1)...)
			}
		}
		return errs
	}
	return func(at string, v any) []requestError { return inside(at, v, 1) }
}
