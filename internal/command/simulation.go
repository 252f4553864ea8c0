package command

import (
	"errors"
	"net/http"

	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/quota"
)

// simulation is what stands in for Klaviyo, or nothing.
type simulation string

// The values of --simulate.
const (
	simulationLimits simulation = "limits" // with Klaviyo's limits, so that it takes as long
	simulationFast   simulation = "fast"   // without
)

const simulateFlag = "simulate"

// simulated stands for a base URL where nothing leaves the program, and for the key there.
const simulated = "simulation"

func registerSimulation(flags *pflag.FlagSet, s *simulation) {
	flags.Var(s, simulateFlag, "deliver to a simulated Klaviyo inside the program, which needs no key; it keeps Klaviyo's rate `limits`, and with =fast none")
	flags.Lookup(simulateFlag).NoOptDefVal = string(simulationLimits)
	flags.Lookup(simulateFlag).DefValue = "false"
}

// Set takes a value of the flag, among them those of a switch.
func (s *simulation) Set(text string) error {
	switch text {
	case "true", string(simulationLimits):
		*s = simulationLimits
	case "false":
		*s = ""
	case string(simulationFast):
		*s = simulationFast
	default:
		return errors.New("unknown")
	}
	return nil
}

func (s simulation) String() string {
	if s == "" {
		return "false"
	}
	return string(s)
}

// Type names the kind of value for pflag.
func (s simulation) Type() string { return "simulation" }

func (s simulation) on() bool { return s != "" }

// notice tells a person about it before a run begins.
func (s simulation) notice() string {
	if s == simulationFast {
		return "This is a simulation: nothing leaves the program. It keeps none of Klaviyo's limits."
	}
	return "This is a simulation: nothing leaves the program. It keeps Klaviyo's limits; --simulate=fast keeps none."
}

// transport is that of a Klaviyo inside the program, which grants the limits of --limit.
func (s simulation) transport(limits []string) http.RoundTripper {
	options := []klaviyotest.Option{klaviyotest.WithAnyList(), klaviyotest.WithoutRequestLog()}
	parsed, _ := quota.ParseLimits(limits) // those of the client are checked
	for _, l := range parsed {
		options = append(options, klaviyotest.WithLimit(l.Operation, klaviyotest.CallLimits{PerSecond: l.Burst, PerMinute: l.Steady}))
	}
	if s == simulationFast {
		options = append(options, klaviyotest.WithoutLimits())
	}
	return klaviyotest.New(options...).Transport()
}

// noLimits are more calls of each operation than a program makes.
func noLimits() []quota.Limit {
	const many = 1_000_000_000
	var limits []quota.Limit
	for _, r := range revisions {
		for operation := range client.Operations(r.name).All() {
			limits = append(limits, quota.Limit{Operation: operation, Burst: many, Steady: many})
		}
	}
	return limits
}
