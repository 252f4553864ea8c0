package command

import (
	"fmt"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/plan"
	"github.com/rudderklaviyo/rudderklaviyo/internal/quota"
)

const (
	limitFlag      = "limit"
	quotaShareFlag = "quota-share"
)

// parseLimits reads the values of --limit.
func parseLimits(values []string) ([]quota.Limit, error) {
	limits, err := quota.ParseLimits(values)
	if err != nil {
		return nil, wrongUsage(fmt.Errorf("--%s %w", limitFlag, err))
	}
	return limits, nil
}

// quotaOf is what a plan goes by.
func quotaOf(limits []quota.Limit, share float64) plan.Quota {
	quota := plan.Quota{Share: share, Limits: map[runtime.Endpoint]plan.Limit{}}
	for _, l := range limits {
		quota.Limits[l.Operation.Endpoint()] = plan.Limit{Burst: l.Burst, Steady: l.Steady}
	}
	return quota
}
