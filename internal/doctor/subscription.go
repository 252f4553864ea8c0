package doctor

import (
	"encoding/json"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// listOfRequest is the id of the list that a request names, or empty.
func listOfRequest(request mapper.Request) string {
	id, _ := first(body(request), request.Operation().List).(string)
	return id
}

// asksForSMS tells whether a request subscribes somebody to SMS.
func asksForSMS(request mapper.Request) bool {
	if request.Kind() != mapper.KindSubscription {
		return false
	}
	decoded := body(request)
	for _, people := range request.Operation().People {
		if people.SMSConsent != "" && first(decoded, people.At+people.SMSConsent) != nil {
			return true
		}
	}
	return false
}

func body(request mapper.Request) (decoded any) {
	if json.Unmarshal(request.AppendBody(nil), &decoded) != nil {
		return nil
	}
	return decoded
}

// first is the first value at a place of an operation: a JSON Pointer in which * stands for
// each element of a list. It is nil where there is none.
func first(value any, place string) any {
	if place == "" {
		return value
	}
	step, rest, _ := strings.Cut(place[1:], "/")
	if rest != "" {
		rest = "/" + rest
	}
	switch value := value.(type) {
	case map[string]any:
		return first(value[step], rest)
	case []any:
		for _, element := range value {
			if found := first(element, rest); step == "*" && found != nil {
				return found
			}
		}
	}
	return nil
}
