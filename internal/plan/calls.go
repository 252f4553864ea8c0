package plan

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
)

// Bounds are the least and the most that a figure can be.
type Bounds struct {
	Least int `json:"least"`
	Most  int `json:"most"`
}

// Calls are the calls of an operation. The operations have quotas of their own, so
// that what takes longest decides.
type Calls struct {
	Operation runtime.OperationID `json:"operation"`
	Calls     Bounds              `json:"calls"`
	Seconds   Bounds              `json:"seconds"`
}

// Quota is what may be used of Klaviyo's limits.
type Quota struct {
	// Share of the limits, above 0 and at most 1.
	Share float64
	// Limits are those of endpoints where they aren't the description's.
	Limits map[runtime.Endpoint]Limit
}

// Limit is how many calls the account may make in a second and in a minute.
type Limit struct{ Burst, Steady int }

// duration is how long calls of an operation take.
func (q Quota) duration(op *runtime.Operation, calls int) time.Duration {
	if limit, ok := q.Limits[op.Endpoint()]; ok {
		granted := *op
		granted.Burst.Calls, granted.Steady.Calls = limit.Burst, limit.Steady
		op = &granted
	}
	return delivery.Duration(op, calls, q.Share)
}

// callsOf gives the calls of each operation, with the time they take of a quota.
func callsOf(estimate *delivery.Estimate, quota Quota) []Calls {
	all := []Calls{}
	calls := estimate.Calls()
	for _, op := range slices.SortedFunc(maps.Keys(calls), func(a, b *runtime.Operation) int { return cmp.Compare(a.ID, b.ID) }) {
		seconds := func(calls int) int { return int(quota.duration(op, calls) / time.Second) }
		fewest, most := calls[op].Fewest, calls[op].Most
		all = append(all, Calls{op.ID, Bounds{fewest, most}, Bounds{seconds(fewest), seconds(most)}})
	}
	return all
}
