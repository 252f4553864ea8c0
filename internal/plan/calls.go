package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// Bounds are lower and upper bounds.
type Bounds struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// Calls are the calls of an operation. Operations have separate quotas, so the one that takes
// longest determines the duration.
type Calls struct {
	Operation runtime.OperationID `json:"operation"`
	Calls     Bounds              `json:"calls"`
	Seconds   Bounds              `json:"seconds"`
}

// Quota is the part of Klaviyo's limits that can be used.
type Quota struct {
	// Share is the share of the limits, above 0 and at most 1.
	Share float64
	// Limits are the limits of endpoints that differ from the API description.
	Limits map[runtime.Endpoint]Limit
}

// Limit is the number of calls that the account can make in a second and in a minute.
type Limit struct{ Burst, Steady int }

// duration returns how long calls of an operation take.
func (q Quota) duration(op *runtime.Operation, calls int) time.Duration {
	if limit, ok := q.Limits[op.Endpoint()]; ok {
		granted := *op
		granted.Burst.Calls, granted.Steady.Calls = limit.Burst, limit.Steady
		op = &granted
	}
	return delivery.Duration(op, calls, q.Share)
}

// estimateCalls returns the calls of each operation, and how long they take with a quota.
func estimateCalls(estimate *delivery.Estimate, quota Quota) []Calls {
	all := []Calls{}
	calls := estimate.Calls()
	for _, op := range slices.SortedFunc(maps.Keys(calls), func(a, b *runtime.Operation) int { return cmp.Compare(a.ID, b.ID) }) {
		seconds := func(calls int) int { return int(quota.duration(op, calls) / time.Second) }
		fewest, most := calls[op].Fewest, calls[op].Most
		all = append(all, Calls{op.ID, Bounds{fewest, most}, Bounds{seconds(fewest), seconds(most)}})
	}
	return all
}
