package client

// apiFault is an error in the body of an error response. All revisions have the same form.
type apiFault struct {
	ID     string `json:"id"`
	Code   string `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Source *struct {
		Pointer   string `json:"pointer"`
		Parameter string `json:"parameter"`
	} `json:"source"`
	Meta *struct {
		DuplicateProfileID string `json:"duplicate_profile_id"`
	} `json:"meta"`
}
