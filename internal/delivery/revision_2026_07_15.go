package delivery

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Revision 2026-07-15 batches up to 10,000 profiles, 1,000 events or subscriptions, and 100
// unsubscriptions.
var _ = register(map[*runtime.Operation]*batching{
	klaviyo.OperationCreateOrUpdateProfile: {
		merge:       mergeOf(mergeProfiles2026),
		operation:   klaviyo.OperationBulkImportProfiles,
		maxRequests: 10_000,
		maxSize:     5_000_000,
		overhead:    100,
		accepts:     acceptsOf(canBeImported2026),
		join: joinOf(func(bodies []*klaviyo.ProfileUpsertQuery) klaviyo.ProfileImportJobCreateQuery {
			var all klaviyo.ImportProfiles
			for _, body := range bodies {
				all.Data = append(all.Data, body.Data)
			}
			return klaviyo.NewBulkImportProfilesBody(klaviyo.ImportJobCreateAttributes{Profiles: all})
		}),
		lists: map[string]func(any) int{importedPointer2026: func(any) int { return 1 }},
		job:   &job{begin: beginImport2026, poll: pollImport2026, unfinished: importsSince2026, failures: importFailures2026},
	},
	klaviyo.OperationCreateEvent: {
		operation:   klaviyo.OperationBulkCreateEvents,
		maxRequests: 1000,
		maxSize:     5_000_000,
		overhead:    200,
		join: joinOf(func(bodies []*klaviyo.EventCreateQuery) klaviyo.EventBulkCreateQuery {
			entries := make([]klaviyo.EventBulkEntryAttributes, len(bodies))
			for i, body := range bodies {
				entries[i] = bulkEntry2026(&body.Data.Attributes)
			}
			return klaviyo.NewBulkCreateEventsBody(klaviyo.EventBulkCreateAttributes{Entries: klaviyo.NewEventBulkEntries(entries...)})
		}),
		lists: map[string]func(any) int{"/data/attributes/events-bulk-create/data": func(any) int { return 1 }},
	},
	klaviyo.OperationBulkSubscribeProfiles: {
		maxRequests: 1000,
		sharedKey: sharedKeyOf(func(body *klaviyo.SubscriptionCreateJobCreateQuery) (subscriptionKey2026, bool) {
			a := &body.Data.Attributes
			key := subscriptionKey2026{body.Data.Relationships.List.Data.ID, a.CustomSource, a.HistoricalImport}
			return key, len(a.Profiles.Data) == 1
		}),
		join: joinOf(func(bodies []*klaviyo.SubscriptionCreateJobCreateQuery) klaviyo.SubscriptionCreateJobCreateQuery {
			all := *bodies[0]
			all.Data.Attributes.Profiles.Data = concat(bodies, subscribed2026)
			return all
		}),
		lists: map[string]func(any) int{"/data/attributes/profiles/data": elementCount(subscribed2026)},
	},
	klaviyo.OperationBulkUnsubscribeProfiles: {
		maxRequests: 100,
		sharedKey: sharedKeyOf(func(body *klaviyo.UnsubscriptionCreateJobCreateQuery) (subscriptionKey2026, bool) {
			key := subscriptionKey2026{listID: body.Data.Relationships.List.Data.ID}
			return key, len(body.Data.Attributes.Profiles.Data) == 1
		}),
		join: joinOf(func(bodies []*klaviyo.UnsubscriptionCreateJobCreateQuery) klaviyo.UnsubscriptionCreateJobCreateQuery {
			all := *bodies[0]
			all.Data.Attributes.Profiles.Data = concat(bodies, unsubscribed2026)
			return all
		}),
		lists: map[string]func(any) int{"/data/attributes/profiles/data": elementCount(unsubscribed2026)},
	},
})

// bulkEntry2026 returns an event as an entry of a bulk call.
func bulkEntry2026(e *klaviyo.EventCreateAttributes) klaviyo.EventBulkEntryAttributes {
	p := &e.Profile.Data.Attributes
	entry := klaviyo.EventBulkEntryAttributes{
		Profile: klaviyo.NewEventBulkProfile(klaviyo.OnsiteProfileAttributes{
			Kx:           p.Kx,
			AnonymousID:  p.AnonymousID,
			Email:        p.Email,
			ExternalID:   p.ExternalID,
			PhoneNumber:  p.PhoneNumber,
			FirstName:    p.FirstName,
			LastName:     p.LastName,
			Title:        p.Title,
			Organization: p.Organization,
			Image:        p.Image,
			Locale:       p.Locale,
			Location:     p.Location,
			Properties:   p.Properties,
		}),
		Events: klaviyo.NewEventBulkEvents(klaviyo.EventBulkEventAttributes{
			Backfill:      e.Backfill,
			Metric:        e.Metric,
			Properties:    e.Properties,
			Time:          e.Time,
			UniqueID:      e.UniqueID,
			Value:         e.Value,
			ValueCurrency: e.ValueCurrency,
		}),
	}
	entry.Profile.Data.ID = e.Profile.Data.ID
	entry.Profile.Data.Meta = p.Meta // here it isn't in the attributes
	return entry
}

// A subscriptionKey2026 is what subscriptions or unsubscriptions of a call have in common.
type subscriptionKey2026 struct {
	listID       string // empty for the account's default
	customSource string
	historical   bool
}

func subscribed2026(body *klaviyo.SubscriptionCreateJobCreateQuery) []klaviyo.SubscribedProfile {
	return body.Data.Attributes.Profiles.Data
}

func unsubscribed2026(body *klaviyo.UnsubscriptionCreateJobCreateQuery) []klaviyo.UnsubscribedProfile {
	return body.Data.Attributes.Profiles.Data
}

// mergeProfiles2026 merges two requests with the same identifiers. The result of patches
// depends on the profile, so they can't be merged.
func mergeProfiles2026(earlier, later *klaviyo.ProfileUpsertQuery) (klaviyo.ProfileUpsertQuery, bool) {
	a, b := &earlier.Data.Attributes, &later.Data.Attributes
	same := earlier.Data.ID == later.Data.ID && a.Email.Equal(b.Email) && a.PhoneNumber.Equal(b.PhoneNumber) &&
		a.ExternalID.Equal(b.ExternalID) && a.Kx == b.Kx
	if !same || !isZero(earlier.Data.Meta) || !isZero(later.Data.Meta) {
		return klaviyo.ProfileUpsertQuery{}, false
	}
	properties, err := mergeProperties(a.Properties, b.Properties)
	merged := klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{
		Kx:          b.Kx,
		Email:       b.Email,
		PhoneNumber: b.PhoneNumber,
		ExternalID:  b.ExternalID,

		FirstName:    latest(a.FirstName, b.FirstName),
		LastName:     latest(a.LastName, b.LastName),
		Title:        latest(a.Title, b.Title),
		Organization: latest(a.Organization, b.Organization),
		Image:        latest(a.Image, b.Image),
		Locale:       latest(a.Locale, b.Locale),
		Location: klaviyo.ProfileLocation{
			Address1:  latest(a.Location.Address1, b.Location.Address1),
			Address2:  latest(a.Location.Address2, b.Location.Address2),
			City:      latest(a.Location.City, b.Location.City),
			Country:   latest(a.Location.Country, b.Location.Country),
			IP:        latest(a.Location.IP, b.Location.IP),
			Latitude:  latest(a.Location.Latitude, b.Location.Latitude),
			Longitude: latest(a.Location.Longitude, b.Location.Longitude),
			Region:    latest(a.Location.Region, b.Location.Region),
			Timezone:  latest(a.Location.Timezone, b.Location.Timezone),
			Zip:       latest(a.Location.Zip, b.Location.Zip),
		},
		Properties: properties,
	})
	merged.Data.ID = later.Data.ID
	return merged, err == nil
}

// importedPointer2026 is the pointer of the profiles in an import.
const importedPointer2026 = "/data/attributes/profiles/data"

// canBeImported2026 reports whether an import has the same effect as the single call. In an
// import, null doesn't clear a field.
func canBeImported2026(body *klaviyo.ProfileUpsertQuery) bool {
	return isZero(body.Data.Meta) && !clears2026(body.AppendJSON(nil))
}

// clears2026 reports whether a field of a profile, a custom property or a field of the location
// is null. Values inside of a custom property don't count.
func clears2026(body []byte) bool {
	if !bytes.Contains(body, []byte("null")) {
		return false // the common case, without decoding
	}
	type fields = map[string]json.RawMessage
	hasNull := func(of fields) bool {
		for _, value := range of {
			if string(value) == "null" {
				return true
			}
		}
		return false
	}
	var profile struct{ Data struct{ Attributes fields } }
	var nested struct {
		Data struct {
			Attributes struct{ Location, Properties fields }
		}
	}
	if errors.Join(json.Unmarshal(body, &profile), json.Unmarshal(body, &nested)) != nil {
		return true // the single call reports what is wrong
	}
	attributes := nested.Data.Attributes
	return hasNull(profile.Data.Attributes) || hasNull(attributes.Location) || hasNull(attributes.Properties)
}

func beginImport2026(ctx context.Context, api runtime.Caller, body any, since time.Time) ([]string, error) {
	klaviyoAPI, query := klaviyo.NewAPI(api), body.(*klaviyo.ProfileImportJobCreateQuery)
	var info runtime.ResponseInfo
	began := time.Now()
	job, err := klaviyoAPI.BulkImportProfiles(ctx, nil, *query, runtime.WithResponseInfo(&info))
	switch {
	case err != nil:
		return nil, err
	case since.IsZero() && info.Attempts == 1:
		return []string{job.Data.ID}, nil
	case since.IsZero():
		since = began
	}
	// The creation time of the job is on Klaviyo's clock.
	created, err := job.Data.Attributes.CreatedAt.Time()
	if err != nil {
		created = time.Now()
	}
	earliest := created.Add(-time.Since(since)).Add(-time.Minute)
	unfinished, err := unfinishedImports2026(ctx, api, earliest)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, other := range unfinished {
		if other.ID != job.Data.ID && other.Attributes.TotalCount == len(query.Data.Attributes.Profiles.Data) {
			ids = append(ids, other.ID)
		}
	}
	return append(ids, job.Data.ID), nil
}

// unfinishedImports2026 returns the unfinished imports created at since or later, latest first.
func unfinishedImports2026(ctx context.Context, api runtime.Caller, since time.Time) ([]klaviyo.ImportJob, error) {
	var unfinished []klaviyo.ImportJob
	params := &klaviyo.GetBulkImportProfilesJobsParams{
		Filter: klaviyo.ImportJobStatusAny(klaviyo.JobStatusQueued, klaviyo.JobStatusProcessing),
		Sort:   klaviyo.ImportJobSortMinusCreatedAt, PageSize: 100,
	}
	for job, err := range klaviyo.NewAPI(api).AllBulkImportProfilesJobs(ctx, params) {
		if err != nil {
			return nil, err
		}
		if at, err := job.Attributes.CreatedAt.Time(); err == nil && at.Before(since) {
			break
		}
		if status := job.Attributes.Status; status == klaviyo.JobStatusComplete || status == klaviyo.JobStatusCancelled {
			continue // a list that lags behind the jobs, or knows no filter, would hold profiles for nothing
		}
		unfinished = append(unfinished, job)
	}
	return unfinished, nil
}

// importsSince2026 allows for an hour of difference between the clocks.
func importsSince2026(ctx context.Context, api runtime.Caller, since time.Time) (map[string]int, error) {
	jobs, err := unfinishedImports2026(ctx, api, since.Add(-time.Hour))
	done := make(map[string]int, len(jobs))
	for _, job := range jobs {
		done[job.ID] = progress2026(&job.Attributes)
	}
	return done, err
}

func pollImport2026(ctx context.Context, api runtime.Caller, id string) (jobState, error) {
	job, err := klaviyo.NewAPI(api).GetBulkImportProfilesJob(ctx, id, nil)
	if err != nil {
		return jobState{}, err
	}
	a := &job.Data.Attributes
	return jobState{
		ended:     a.Status == klaviyo.JobStatusComplete,
		cancelled: a.Status == klaviyo.JobStatusCancelled,
		done:      progress2026(a),
		failed:    a.FailedCount,
	}, nil
}

// progress2026 grows when an import starts, and with each profile.
func progress2026(a *klaviyo.ImportJobAttributes) int {
	progress := a.CompletedCount + a.FailedCount
	if a.Status != klaviyo.JobStatusQueued {
		progress++
	}
	return progress
}

// importFailures2026 identifies profiles by the pointer of an error or, without one, by the
// identifiers that it quotes.
func importFailures2026(ctx context.Context, api runtime.Caller, id string, body any) ([]int, error) {
	profiles := body.(*klaviyo.ProfileImportJobCreateQuery).Data.Attributes.Profiles.Data
	failed := make(map[int]bool)
	params := &klaviyo.GetErrorsForBulkImportProfilesJobParams{PageSize: 100}
	for e, err := range klaviyo.NewAPI(api).AllErrorsForBulkImportProfilesJob(ctx, id, params) {
		if err != nil {
			return nil, err
		}
		i := -1
		if within, ok := strings.CutPrefix(e.Attributes.Source.Pointer, importedPointer2026+"/"); ok {
			number, _, _ := strings.Cut(within, "/")
			if n, err := strconv.Atoi(number); err == nil {
				i = n
			}
		}
		if i < 0 {
			i = slices.IndexFunc(profiles, matchesPayload2026(e.Attributes.OriginalPayload))
		}
		if i >= 0 && i < len(profiles) {
			failed[i] = true
		}
	}
	return slices.Sorted(maps.Keys(failed)), nil
}

// matchesPayload2026 returns a function that reports whether a profile has the identifiers in
// an error's payload, which are at the top level or in the attributes.
func matchesPayload2026(payload json.RawMessage) func(klaviyo.ProfileUpsertQueryResourceObject) bool {
	var quoted struct {
		klaviyo.ProfileUpsertAttributes
		Attributes klaviyo.ProfileUpsertAttributes
	}
	if err := json.Unmarshal(payload, &quoted); err != nil {
		return func(klaviyo.ProfileUpsertQueryResourceObject) bool { return false }
	}
	return func(p klaviyo.ProfileUpsertQueryResourceObject) bool {
		has := func(q *klaviyo.ProfileUpsertAttributes) bool {
			return q.Email.IsSpecified() && q.Email.Equal(p.Attributes.Email) ||
				q.PhoneNumber.IsSpecified() && q.PhoneNumber.Equal(p.Attributes.PhoneNumber) ||
				q.ExternalID.IsSpecified() && q.ExternalID.Equal(p.Attributes.ExternalID)
		}
		return has(&quoted.ProfileUpsertAttributes) || has(&quoted.Attributes)
	}
}
