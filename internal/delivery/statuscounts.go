package delivery

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// statusCounts counts requests that failed by the status of their last response, or 0 if there
// was none.
type statusCounts map[int]int

// countStatus counts one request that failed.
func countStatus(reason error) statusCounts {
	status := 0
	var e *client.Error
	if errors.As(reason, &e) {
		status = e.StatusCode
	}
	return statusCounts{status: 1}
}

// add adds the counts of b.
func (a *statusCounts) add(b statusCounts) {
	if *a == nil {
		*a = statusCounts{}
	}
	for status, n := range b {
		(*a)[status] += n
	}
}

// anyResponse reports whether any request got a response.
func (a statusCounts) anyResponse() bool { return len(a) > 1 || len(a) == 1 && a[0] == 0 }

// String lists the statuses and their counts.
func (a statusCounts) String() string {
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
