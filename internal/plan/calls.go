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

// callsOf gives the calls of each operation, with the time they take of a share of
// Klaviyo's limits.
func callsOf(estimate *delivery.Estimate, quotaShare float64) []Calls {
	all := []Calls{}
	calls := estimate.Calls()
	for _, op := range slices.SortedFunc(maps.Keys(calls), func(a, b *runtime.Operation) int { return cmp.Compare(a.ID, b.ID) }) {
		seconds := func(calls int) int { return int(delivery.Duration(op, calls, quotaShare) / time.Second) }
		fewest, most := calls[op].Fewest, calls[op].Most
		all = append(all, Calls{op.ID, Bounds{fewest, most}, Bounds{seconds(fewest), seconds(most)}})
	}
	return all
}
