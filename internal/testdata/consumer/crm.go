// Package consumer stands for a program that imports the module: a CRM that forwards
// RudderStack's events and reads lists. It knows the public packages only.
package consumer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// The requests of the mapper are requests of the client.
var _ client.Request = mapper.Request(nil)

// CRM forwards events.
type CRM struct {
	rudder  *mapper.Mapper
	klaviyo *client.Client
}

// New makes a CRM that sends over hc.
func New(key string, hc *http.Client, hook client.AttemptHook) (*CRM, error) {
	rudder, err := mapper.New(mapper.Config{
		DefaultCountry: "US",
		Consent:        []mapper.Channel{mapper.ChannelEmail},
		ItemFields:     mapper.ItemFieldsKlaviyo,
	})
	if err != nil {
		return nil, err
	}
	c, err := client.New(key,
		client.WithHTTPClient(hc),
		client.WithAttemptHook(hook),
		client.WithQuotaShare(0.5),
		client.WithRetry(client.RetryPolicy{MaxAttempts: 3, MinBackoff: time.Millisecond, MaxBackoff: 2 * time.Millisecond}),
	)
	if err != nil {
		return nil, err
	}
	return &CRM{rudder, c}, nil
}

// What may become of an event.
var (
	ErrEvent = errors.New("the event is at fault")
	ErrStop  = errors.New("no event will pass")
	ErrLater = errors.New("try again later")
)

// Forward sends what an event becomes and gives the operations.
func (c *CRM) Forward(ctx context.Context, event []byte) ([]*klaviyo.Operation, error) {
	result, err := c.rudder.Map(event)
	var fault *mapper.Error
	if errors.As(err, &fault) {
		return nil, fmt.Errorf("%w: %s at %s", ErrEvent, fault.Code, fault.Field)
	}
	if err != nil {
		return nil, err
	}
	var sent []*klaviyo.Operation
	for _, request := range result.Requests {
		response, err := c.klaviyo.Send(ctx, request)
		switch {
		case errors.Is(err, client.ErrUnauthorized), errors.Is(err, client.ErrMisdirected):
			return sent, fmt.Errorf("%w: %w", ErrStop, err)
		case errors.Is(err, client.ErrUnavailable), errors.Is(err, client.ErrRateLimited):
			return sent, fmt.Errorf("%w: %w", ErrLater, err)
		case err != nil:
			return sent, fmt.Errorf("%w: %w", ErrEvent, err)
		}
		sent = append(sent, response.Operation)
	}
	return sent, nil
}

// signedUp is a request that no event stands for.
type signedUp struct{ email, plan string }

func (signedUp) Operation() *klaviyo.Operation { return klaviyo.OperationCreateEvent }

func (s signedUp) Body() any {
	properties, err := json.Marshal(map[string]string{"plan": s.plan})
	if err != nil {
		panic(err) // strings can be encoded
	}
	return klaviyo.NewCreateEventBody(klaviyo.EventCreateAttributes{
		Profile:    klaviyo.EventProfile{Email: s.email},
		Metric:     klaviyo.MetricCreateQuery{Name: "Signed Up"},
		Properties: properties,
		Time:       klaviyo.NewTimestamp(time.Now()),
	})
}

// SignUp reports that somebody signed up.
func (c *CRM) SignUp(ctx context.Context, email, plan string) error {
	_, err := c.klaviyo.Send(ctx, signedUp{email, plan})
	return err
}

// Leave takes a person's job away, and says nothing of the rest.
func (c *CRM) Leave(ctx context.Context, id string) error {
	_, err := klaviyo.NewAPI(c.klaviyo).UpdateProfile(ctx, id, klaviyo.ProfileUpdateAttributes{
		Organization: klaviyo.Null[string](),
		Title:        klaviyo.Set("retired"),
	})
	return err
}

// Members are the addresses on a list.
func (c *CRM) Members(ctx context.Context, listID string) ([]string, error) {
	return members(ctx, klaviyo.NewAPI(c.klaviyo), listID)
}

func members(ctx context.Context, api *klaviyo.API, listID string) ([]string, error) {
	var all []string
	params := &klaviyo.GetListProfilesParams{FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldEmail}}
	for profile, err := range api.AllListProfiles(ctx, listID, params) {
		if err != nil {
			return all, err
		}
		all = append(all, profile.Attributes.Email)
	}
	return all, nil
}

// Pace is how many events a second Klaviyo takes, by its description.
func Pace() int {
	op := klaviyo.OperationCreateEvent
	return op.Burst.Calls * int(time.Second/op.Burst.Window)
}
