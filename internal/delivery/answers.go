package delivery

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// answers counts requests that weren't taken by the status of their last answer, 0 where
// there was none.
type answers map[int]int

// answersOf counts one request that failed for a reason.
func answersOf(reason error) answers {
	status := 0
	var e *client.Error
	if errors.As(reason, &e) {
		status = e.StatusCode
	}
	return answers{status: 1}
}

// add adds those of b.
func (a *answers) add(b answers) {
	if *a == nil {
		*a = answers{}
	}
	for status, n := range b {
		(*a)[status] += n
	}
}

// any tells whether any request was answered.
func (a answers) any() bool { return len(a) > 1 || len(a) == 1 && a[0] == 0 }

// String names the statuses, with how many requests each was the answer to.
func (a answers) String() string {
	var parts []string
	for _, status := range slices.Sorted(maps.Keys(a)) {
		if status != 0 {
			parts = append(parts, fmt.Sprintf("%d answered %d", a[status], status))
		}
	}
	if n := a[0]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d not answered", n))
	}
	return strings.Join(parts, ", ")
}
