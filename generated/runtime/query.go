package runtime

import (
	"fmt"
	"net/url"
	"strings"
)

// AddQuery adds a parameter, but for values that are zero: one for each value where
// it explodes, else one with commas.
func AddQuery[T ~string | ~int](query url.Values, name string, explode bool, values ...T) {
	var zero T
	var texts []string
	for _, v := range values {
		if v != zero {
			texts = append(texts, fmt.Sprint(v))
		}
	}
	switch {
	case len(texts) == 0:
	case explode:
		query[name] = texts
	default:
		query.Set(name, strings.Join(texts, ","))
	}
}
