package doctor

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

var _ = register(&revision{
	name: klaviyo.Revision,
	subscription: func(body any) (list string, sms bool) {
		switch body := body.(type) {
		case *klaviyo.SubscriptionCreateJobCreateQuery:
			for _, one := range body.Data.Attributes.Profiles.Data {
				sms = sms || one.Attributes.Subscriptions.SMS.Marketing.Consent != ""
			}
			return body.Data.Relationships.List.Data.ID, sms
		case *klaviyo.UnsubscriptionCreateJobCreateQuery:
			return body.Data.Relationships.List.Data.ID, false
		}
		return "", false
	},
	reading: &reading{
		account: readAccount2026,
		list: func(ctx context.Context, api runtime.Caller, id string) (list, error) {
			document, err := klaviyo.NewAPI(api).GetList(ctx, id, nil)
			if err != nil {
				return list{}, err
			}
			a := document.Data.Attributes
			return list{name: a.Name, optIn: string(a.OptInProcess)}, nil
		},
		metrics: func(ctx context.Context, api runtime.Caller) (all []metric, err error) {
			for m, err := range klaviyo.NewAPI(api).AllMetrics(ctx, nil) {
				if err != nil {
					return nil, err
				}
				all = append(all, metric{id: m.ID, name: m.Attributes.Name, source: sourceOf(m.Attributes.Integration)})
			}
			return all, nil
		},
		latest: func(ctx context.Context, api runtime.Caller, metricID string) (json.RawMessage, error) {
			page, err := klaviyo.NewAPI(api).GetEvents(ctx, &klaviyo.GetEventsParams{
				Filter: klaviyo.EventMetricIDEquals(metricID), PageSize: 1, Sort: klaviyo.EventSortMinusDatetime,
			})
			if err != nil || len(page.Data) == 0 {
				return nil, err
			}
			return page.Data[0].Attributes.EventProperties, nil
		},
		jobs: func(ctx context.Context, api runtime.Caller) error {
			_, err := klaviyo.NewAPI(api).GetBulkImportProfilesJobs(ctx, &klaviyo.GetBulkImportProfilesJobsParams{PageSize: 1})
			return err
		},
	},
})

func readAccount2026(ctx context.Context, api runtime.Caller) (account, error) {
	page, err := klaviyo.NewAPI(api).GetAccounts(ctx, nil)
	if err != nil || len(page.Data) == 0 {
		return account{}, err
	}
	a := page.Data[0].Attributes
	return account{
		id: page.Data[0].ID, name: a.ContactInformation.OrganizationName,
		timeZone: a.Timezone, currency: a.PreferredCurrency, isTest: a.TestAccount,
	}, nil
}

// sourceOf is where the events of a metric come from. It is empty where that isn't known.
func sourceOf(integration json.RawMessage) string {
	var from struct{ Name, Category string }
	if json.Unmarshal(integration, &from) != nil {
		return ""
	}
	if strings.EqualFold(from.Category, "api") || strings.EqualFold(from.Name, "api") {
		return fromAPI
	}
	return from.Name
}
