// Package calls has the functions that docs/importer.md shows: filters, fieldsets, subscriptions,
// imports, and calls of two revisions.
package calls

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	klaviyo2023 "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// changedCustomers returns the emails of the profiles that have changed in a period, the latest
// first.
func changedCustomers(ctx context.Context, api *klaviyo.API, from, to time.Time) (emails []string, err error) {
	profiles := api.AllProfiles(ctx, &klaviyo.GetProfilesParams{
		Filter:        klaviyo.ProfileUpdatedGreaterThan(from).And(klaviyo.ProfileUpdatedLessThan(to)),
		FieldsProfile: []klaviyo.ProfileField{klaviyo.ProfileFieldEmail}, // only this attribute
		Sort:          klaviyo.ProfileSortMinusUpdated,
	})
	for profile, err := range profiles {
		if err != nil {
			return emails, err // those before the error are valid
		}
		emails = append(emails, profile.Attributes.Email)
	}
	return emails, nil
}

// nextPage returns a page of profiles and the cursor of the next page, which is empty after the
// last. The first cursor is empty.
func nextPage(ctx context.Context, api *klaviyo.API, cursor string) ([]klaviyo.Profile, string, error) {
	page, err := api.GetProfiles(ctx, &klaviyo.GetProfilesParams{PageCursor: cursor, PageSize: 100})
	if err != nil {
		return nil, "", err
	}
	return page.Data, page.Links.NextCursor(), nil
}

// importProfiles imports up to 10,000 profiles, waits until the job has ended, and returns why
// profiles were rejected.
func importProfiles(ctx context.Context, api *klaviyo.API, profiles ...klaviyo.ProfileUpsertAttributes) (rejected []klaviyo.ImportError, err error) {
	job, err := api.BulkImportProfiles(ctx, nil, klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{
		Profiles: klaviyo.NewImportProfiles(profiles...),
	}))
	if err != nil {
		return nil, err
	}
	for wait := time.Second; job.Data.Attributes.Status != klaviyo.JobStatusComplete; wait = min(2*wait, 30*time.Second) {
		if job.Data.Attributes.Status == klaviyo.JobStatusCancelled {
			return nil, fmt.Errorf("import job %s was cancelled", job.Data.ID)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("import job %s: %w", job.Data.ID, ctx.Err())
		case <-time.After(wait):
		}
		if job, err = api.GetBulkImportProfilesJob(ctx, job.Data.ID, nil); err != nil {
			return nil, err
		}
	}
	if job.Data.Attributes.FailedCount == 0 {
		return nil, nil
	}
	for rejection, err := range api.AllErrorsForBulkImportProfilesJob(ctx, job.Data.ID, nil) {
		if err != nil {
			return rejected, err
		}
		rejected = append(rejected, rejection)
	}
	return rejected, nil
}

// subscribe records the consent to email marketing of up to 1,000 people, and adds them to a list.
func subscribe(ctx context.Context, api *klaviyo.API, listID string, emails ...string) error {
	people := make([]klaviyo.SubscribedProfileAttributes, len(emails))
	for i, email := range emails {
		people[i].Email = email
		people[i].Subscriptions.Email.Marketing.Consent = klaviyo.ConsentSubscribed
	}
	body := klaviyo.NewBulkSubscribeProfilesBody(klaviyo.SubscriptionJobAttributes{
		CustomSource: "Checkout",
		Profiles:     klaviyo.NewSubscribedProfiles(people...),
	})
	body.Data.Relationships.List = klaviyo.NewToList(listID)
	return api.BulkSubscribeProfiles(ctx, body)
}

// recordOrder records an order with revision 2023-02-22 or, if the server has retired that, with
// 2026-07-15.
func recordOrder(ctx context.Context, c *client.Client, email, id string) error {
	err := klaviyo2023.NewAPI(c).CreateEvent(ctx, klaviyo2023.EventCreateAttributes{
		Metric:   klaviyo2023.MetricCreateQuery{Name: "Placed Order"},
		Profile:  klaviyo2023.EventProfile{Email: email},
		UniqueID: id,
	})
	if !errors.Is(err, client.ErrRevisionRetired) {
		return err
	}
	return klaviyo.NewAPI(c).CreateEvent(ctx, klaviyo.EventCreateAttributes{
		Metric:   klaviyo.NewEventMetric(klaviyo.MetricCreateAttributes{Name: "Placed Order"}),
		Profile:  klaviyo.NewEventProfile(klaviyo.EventProfileAttributes{Email: email}),
		UniqueID: id,
	})
}
