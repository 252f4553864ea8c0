package plan

import (
	"maps"
	"slices"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
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
	Operation klaviyo.OperationID `json:"operation"`
	Calls     Bounds              `json:"calls"`
	Seconds   Bounds              `json:"seconds"`
}

// callsOf gives the calls of each operation, with the time they take of a share of
// Klaviyo's limits.
func callsOf(estimate *delivery.Estimate, quotaShare float64) []Calls {
	all := []Calls{}
	calls := estimate.Calls()
	for _, id := range slices.Sorted(maps.Keys(calls)) {
		op, _ := klaviyo.LookupOperation(id)
		seconds := func(calls int) int { return int(delivery.Duration(op, calls, quotaShare) / time.Second) }
		fewest, most := calls[id].Fewest, calls[id].Most
		all = append(all, Calls{id, Bounds{fewest, most}, Bounds{seconds(fewest), seconds(most)}})
	}
	return all
}
