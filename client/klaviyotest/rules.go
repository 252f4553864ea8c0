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

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// maxBody is the largest body in bytes. 1 KB is 1,000 bytes.
const maxBody = 5_000_000

// bodyLimits are the limits, in bytes, of operations that take less.
var bodyLimits = map[*klaviyo.Operation]int{
	klaviyo.OperationCreateProfile:       100_000,
	klaviyo.OperationUpdateProfile:       100_000,
	klaviyo.OperationCreateClientProfile: 100_000,
}

func bodyLimit(op *klaviyo.Operation) int {
	if limit, ok := bodyLimits[op]; ok {
		return limit
	}
	return maxBody
}

// rule is what Klaviyo asks of a body beyond the description.
type rule struct {
	// at is a JSON Pointer, in which * is each element of an array. What isn't
	// there, or is null, breaks no rule.
	at    string
	check check
}

// check refuses a value, which is at a pointer.
type check func(at string, v any) []refusal

// rules are those of each operation.
var rules = map[*klaviyo.Operation][]rule{
	klaviyo.OperationCreateProfile: {
		{"/data/attributes", anyOf("email", "phone_number", "external_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
		{"/data/attributes/external_id", maxLength(255)},
	},
	klaviyo.OperationUpdateProfile: {
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
		{"/data/attributes/external_id", maxLength(255)},
	},
	klaviyo.OperationRequestProfileDeletion: {
		{"/data/attributes", oneOf("email", "phone_number", "profile_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
	},
	klaviyo.OperationCreateEvent:       eventRules,
	klaviyo.OperationCreateClientEvent: eventRules,
	klaviyo.OperationSubscribeProfiles: {
		{"/data/attributes/list_id", notEmpty},
		{"/data/attributes/subscriptions", maxElements(100)},
		{"/data/attributes/subscriptions", notEmpty},
		{"/data/attributes/subscriptions/*", anyOf("email", "phone_number", "profile_id")},
		{"/data/attributes/subscriptions/*", channelIdentifiers},
		{"/data/attributes/subscriptions/*/email", email},
		{"/data/attributes/subscriptions/*/phone_number", phoneNumber},
	},
	klaviyo.OperationUnsubscribeProfiles: {
		{"/data/attributes", anyOf("emails", "phone_numbers")},
		{"/data/attributes/emails", maxElements(100)},
		{"/data/attributes/emails/*", email},
		{"/data/attributes/phone_numbers", maxElements(100)},
		{"/data/attributes/phone_numbers/*", phoneNumber},
	},
	klaviyo.OperationSuppressProfiles:        suppressionRules,
	klaviyo.OperationUnsuppressProfiles:      suppressionRules,
	klaviyo.OperationCreateListRelationships: membersRules,
	klaviyo.OperationDeleteListRelationships: membersRules,
	klaviyo.OperationCreateList: {
		{"/data/attributes/name", notEmpty},
	},
	klaviyo.OperationCreateClientProfile: {
		{"/data/attributes", anyOf("email", "phone_number", "external_id", "anonymous_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
		{"/data/attributes/external_id", maxLength(255)},
	},
	klaviyo.OperationCreateClientSubscription: {
		{"/data/attributes/list_id", notEmpty},
		{"/data/attributes", anyOf("email", "phone_number")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
	},
}

var eventRules = []rule{
	{"/data/attributes/profile", anyOf("$email", "$phone_number", "$id")},
	{"/data/attributes/profile/$email", email},
	{"/data/attributes/profile/$phone_number", phoneNumber},
	{"/data/attributes/profile/$id", maxLength(255)},
	{"/data/attributes/metric/name", notEmpty},
	{"/data/attributes/metric/name", maxLength(127)},
	{"/data/attributes/time", eventTime},
	{"/data/attributes/properties", maxMembers(300)},
	{"/data/attributes/properties", maxInside(100_000, 4_000, 10)},
}

var suppressionRules = []rule{
	{"/data/attributes/suppressions", maxElements(100)},
	{"/data/attributes/suppressions", notEmpty},
	{"/data/attributes/suppressions/*/email", email},
}

var membersRules = []rule{
	{"/data", maxElements(1_000)},
	{"/data", notEmpty},
}

// checkRules applies the operation's rules to the body of a call.
func checkRules(c *call) []refusal {
	var refusals []refusal
	for _, r := range rules[c.operation] {
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
	local, domain, ok := strings.Cut(text(v), "@")
	if ok && local != "" && domain != "" && !strings.Contains(domain, "@") && !strings.ContainsFunc(text(v), unicode.IsSpace) {
		return nil
	}
	return []refusal{invalid(at, "The field is no email address.")}
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func phoneNumber(at string, v any) []refusal {
	if e164.MatchString(text(v)) {
		return nil
	}
	return []refusal{invalid(at, "The field is no phone number in E.164, such as +12025550147.")}
}

// eventTime takes a time after the year 2000 and at most a year ahead.
func eventTime(at string, v any) []refusal {
	t, err := klaviyo.Timestamp(text(v)).Time()
	switch {
	case err != nil:
		return []refusal{invalid(at, "The field is no time in RFC 3339.")}
	case t.UTC().Year() <= 2000:
		return []refusal{invalid(at, "The time is not after the year 2000.")}
	case t.After(time.Now().AddDate(1, 0, 0)):
		return []refusal{invalid(at, "The time is more than a year ahead.")}
	}
	return nil
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

// channelIdentifiers asks for the email address of a subscription to email, and
// for the phone number of one to sms.
func channelIdentifiers(at string, v any) []refusal {
	var refusals []refusal
	for _, ch := range channels {
		if given(object(object(v)["channels"])[string(ch.channel)]) && !given(object(v)[ch.identifier]) {
			refusals = append(refusals, invalid(pointer(at, ch.identifier), "The channel "+string(ch.channel)+" needs this field."))
		}
	}
	return refusals
}
