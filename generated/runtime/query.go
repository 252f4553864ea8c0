package runtime

import (
	"fmt"
	"net/url"
	"strings"
)

// AddQuery adds the nonzero values of a query parameter: as one parameter each if explode is
// set, otherwise as one parameter with commas.
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
