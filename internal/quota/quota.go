// Package quota reads what an account may spend of Klaviyo's rate limits, from a flag or from
// the file of accounts. Each error ends a sentence that begins with the flag or the key.
package quota

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Limit is how many calls of an operation Klaviyo grants an account, in place of the published
// limit.
type Limit struct {
	Operation     *runtime.Operation
	Burst, Steady int // calls in a second and in a minute
}

// isLimit matches a limit as Klaviyo's own pages write it.
var isLimit = regexp.MustCompile(`^([a-z_]+)=([1-9][0-9]{0,6})/s,([1-9][0-9]{0,6})/m$`)

// ParseLimits reads limits such as bulk_create_events=20/s,300/m. An operation may be of any
// revision, so that the same limits serve accounts of several, and a run that goes on in a
// later one: each gives a Limit for every revision that has the operation.
func ParseLimits(texts []string) ([]Limit, error) {
	var limits []Limit
	for _, text := range texts {
		parts := isLimit.FindStringSubmatch(text)
		if parts == nil {
			return nil, errors.New("must be an operation with its calls per second and per minute, such as bulk_create_events=20/s,300/m")
		}
		burst, _ := strconv.Atoi(parts[2]) // digits, and few
		steady, _ := strconv.Atoi(parts[3])
		known := len(limits)
		for _, revision := range mapper.Revisions() {
			if operation, ok := client.Operations(revision).Lookup(runtime.OperationID(parts[1])); ok {
				limits = append(limits, Limit{operation, burst, steady})
			}
		}
		if len(limits) == known {
			return nil, fmt.Errorf("names an unknown operation, %s: rudderklaviyo plan lists those that a delivery needs", parts[1])
		}
	}
	return limits, nil
}

// CheckShare checks a share of the limits.
func CheckShare(share float64) error {
	if !(share > 0 && share <= 1) { // also what isn't a number
		return errors.New("must be above 0 and at most 1, such as 0.8")
	}
	return nil
}
