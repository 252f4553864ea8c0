package client_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

// wireProfileJobCases2026 are the cases of the calls of jobs that import or suppress profiles.
var wireProfileJobCases2026 = []wireCase[*klaviyo.API]{
	{
		operation: klaviyo.OperationGetBulkImportProfilesJobs,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkImportProfilesJobs(t.Context(), &klaviyo.GetBulkImportProfilesJobsParams{
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
				Filter:                     klaviyo.ImportJobStatusAny(klaviyo.JobStatusProcessing, klaviyo.JobStatusComplete),
				PageCursor:                 "bmV4dA",
				PageSize:                   50,
				Sort:                       klaviyo.ImportJobSortMinusCreatedAt,
			})
		},
		path: "/api/profile-bulk-import-jobs",
		query: url.Values{"fields[profile-bulk-import-job]": {"completed_at"},
			"filter": {`any(status,["processing","complete"])`}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}, "sort": {"-created_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkImportProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkImportProfiles(t.Context(), &klaviyo.BulkImportProfilesParams{
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
			}, bodyOf[klaviyo.ProfileImportJobCreateQuery](t, klaviyo.OperationBulkImportProfiles))
		},
		path:   "/api/profile-bulk-import-jobs",
		query:  url.Values{"fields[profile-bulk-import-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetErrorsForBulkImportProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetErrorsForBulkImportProfilesJob(t.Context(), wireJob2026, &klaviyo.GetErrorsForBulkImportProfilesJobParams{
				FieldsImportError: []klaviyo.ImportErrorField{klaviyo.ImportErrorFieldCode},
				PageCursor:        "bmV4dA",
				PageSize:          50,
			})
		},
		path:   "/api/profile-bulk-import-jobs/am9i/import-errors",
		query:  url.Values{"fields[import-error]": {"code"}, "page[cursor]": {"bmV4dA"}, "page[size]": {"50"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkImportProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkImportProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkImportProfilesJobParams{
				FieldsList:                 []klaviyo.ListField{klaviyo.ListFieldName},
				FieldsProfileBulkImportJob: []klaviyo.ImportJobField{klaviyo.ImportJobFieldCompletedAt},
				Include:                    []klaviyo.ImportJobInclude{klaviyo.ImportJobIncludeLists},
			})
		},
		path:   "/api/profile-bulk-import-jobs/am9i",
		query:  url.Values{"fields[list]": {"name"}, "fields[profile-bulk-import-job]": {"completed_at"}, "include": {"lists"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkSuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkSuppressProfiles(t.Context(), &klaviyo.BulkSuppressProfilesParams{
				FieldsProfileSuppressionBulkCreateJob: []klaviyo.SuppressionJobField{klaviyo.SuppressionJobFieldCompletedAt},
			}, bodyOf[klaviyo.SuppressionCreateJobCreateQuery](t, klaviyo.OperationBulkSuppressProfiles))
		},
		path:   "/api/profile-suppression-bulk-create-jobs",
		query:  url.Values{"fields[profile-suppression-bulk-create-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkSuppressProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkSuppressProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkSuppressProfilesJobParams{
				FieldsProfileSuppressionBulkCreateJob: []klaviyo.SuppressionJobField{klaviyo.SuppressionJobFieldCompletedAt},
			})
		},
		path:   "/api/profile-suppression-bulk-create-jobs/am9i",
		query:  url.Values{"fields[profile-suppression-bulk-create-job]": {"completed_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationBulkUnsuppressProfiles,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.BulkUnsuppressProfiles(t.Context(), &klaviyo.BulkUnsuppressProfilesParams{
				FieldsProfileSuppressionBulkDeleteJob: []klaviyo.UnsuppressionJobField{klaviyo.UnsuppressionJobFieldCompletedAt},
			}, bodyOf[klaviyo.UnsuppressionCreateJobCreateQuery](t, klaviyo.OperationBulkUnsuppressProfiles))
		},
		path:   "/api/profile-suppression-bulk-delete-jobs",
		query:  url.Values{"fields[profile-suppression-bulk-delete-job]": {"completed_at"}},
		body:   asDescribed,
		status: http.StatusAccepted,
		answer: asDescribed,
	},
	{
		operation: klaviyo.OperationGetBulkUnsuppressProfilesJob,
		call: func(t *testing.T, api *klaviyo.API) (any, error) {
			return api.GetBulkUnsuppressProfilesJob(t.Context(), wireJob2026, &klaviyo.GetBulkUnsuppressProfilesJobParams{
				FieldsProfileSuppressionBulkDeleteJob: []klaviyo.UnsuppressionJobField{klaviyo.UnsuppressionJobFieldCompletedAt},
			})
		},
		path:   "/api/profile-suppression-bulk-delete-jobs/am9i",
		query:  url.Values{"fields[profile-suppression-bulk-delete-job]": {"completed_at"}},
		status: http.StatusOK,
		answer: asDescribed,
	},
}
