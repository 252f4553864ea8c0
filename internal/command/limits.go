package command

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
)

const limitFlag = "limit"

// grant is what Klaviyo lets the account make of an operation, by --limit.
type grant struct {
	operation     *runtime.Operation
	burst, steady int // calls in a second and in a minute
}

// isLimit matches a limit as Klaviyo's own pages write it.
var isLimit = regexp.MustCompile(`^([a-z_]+)=([1-9][0-9]{0,6})/s,([1-9][0-9]{0,6})/m$`)

// grantsOf reads the values of --limit. An operation may be of any revision, so that the same
// flags serve accounts of several, and a run that goes on in a later one.
func grantsOf(limits []string) ([]grant, error) {
	var granted []grant
	for _, text := range limits {
		parts := isLimit.FindStringSubmatch(text)
		if parts == nil {
			return nil, wrongUsage(fmt.Errorf("--%s is an operation with its calls in a second and in a minute, such as bulk_create_events=20/s,300/m", limitFlag))
		}
		burst, _ := strconv.Atoi(parts[2]) // digits, and few
		steady, _ := strconv.Atoi(parts[3])
		known := len(granted)
		for _, r := range revisions {
			if operation, ok := client.Operations(r.name).Lookup(runtime.OperationID(parts[1])); ok {
				granted = append(granted, grant{operation, burst, steady})
			}
		}
		if len(granted) == known {
			return nil, wrongUsage(fmt.Errorf("--%s: there is no operation %s; plan lists those that a delivery needs", limitFlag, parts[1]))
		}
	}
	return granted, nil
}

// quotaOf is what a plan goes by.
func quotaOf(granted []grant, share float64) plan.Quota {
	quota := plan.Quota{Share: share, Limits: map[runtime.Endpoint]plan.Limit{}}
	for _, g := range granted {
		quota.Limits[g.operation.Endpoint()] = plan.Limit{Burst: g.burst, Steady: g.steady}
	}
	return quota
}
