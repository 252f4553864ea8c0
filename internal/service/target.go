package service

import (
	"context"
	"reflect"
	"slices"
	"sync"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// target is where an account's events go, and how: all that its settings say of that.
type target struct {
	settings config.Account
	mapper   *mapper.Mapper
	client   *client.Client
	fence    *fence
	refusals transfer.Refusals
	// operations are the ids of those that were called, by what Klaviyo limits.
	operations sync.Map // of runtime.Endpoint to runtime.OperationID
}

// newTarget makes what settings ask for. Its error names the setting.
func (s *Service) newTarget(settings config.Account) (*target, error) {
	m, err := mapper.New(settings.Mapping)
	if err != nil {
		return nil, err
	}
	t := &target{settings: settings, mapper: m, fence: &fence{}}
	t.client, err = s.cfg.Client(settings, t.fence.before,
		client.WithAttemptHook(s.metrics.attempt(settings.Name)),
		client.WithAttemptHook(func(_ context.Context, a client.Attempt) { t.operations.Store(a.Operation.Endpoint(), a.Operation.ID) }),
	)
	return t, err
}

// operation is the id of the call that an endpoint is.
func (t *target) operation(of runtime.Endpoint) string {
	if id, ok := t.operations.Load(of); ok {
		return string(id.(runtime.OperationID))
	}
	return string(of) // until its first answer
}

// isOf tells whether settings ask for the same target. Senders' tokens and the bounds of what
// is stored have nothing to do with it.
func (t *target) isOf(settings config.Account) bool {
	return t.settings.Key == settings.Key && reflect.DeepEqual(t.settings.Mapping, settings.Mapping) &&
		slices.Equal(t.settings.Limits, settings.Limits) && t.settings.QuotaShare == settings.QuotaShare
}
