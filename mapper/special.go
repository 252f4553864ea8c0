package mapper

import (
	"reflect"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// specialNames are the special names of an event's profile and the fields that
// the generated type has for them.
var specialNames = func() map[string]int {
	names := make(map[string]int)
	t := reflect.TypeFor[klaviyo.EventProfile]()
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "-" {
			names[name] = i
		}
	}
	return names
}()

// isSet says whether a special name is a field of s that has a value.
func isSet(s *klaviyo.EventProfile, name string) bool {
	i, ok := specialNames[name]
	return ok && !reflect.ValueOf(s).Elem().Field(i).IsZero()
}
