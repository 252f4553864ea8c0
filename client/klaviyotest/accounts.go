package klaviyotest

// getAccounts answers with the account, the only one that a key opens.
func (a *account) getAccounts(c *call) answer {
	return answerPage(c, []*account{a}, 1, nil)
}

// shown is the account of a shop that doesn't exist.
func (a *account) shown(c *call) resource {
	return resource{
		Type: "account",
		ID:   a.id,
		Attributes: map[string]any{
			"test_account": true,
			"contact_information": map[string]any{
				"default_sender_name":  "Example Shop",
				"default_sender_email": "shop@example.com",
				"website_url":          nil,
				"organization_name":    "Example Shop",
				"street_address":       only(nil, "address1", "address2", "city", "region", "country", "zip"),
			},
			"industry":           nil,
			"timezone":           "Etc/UTC",
			"preferred_currency": "USD",
			"public_api_key":     a.id,
			"locale":             "en-US",
		},
		Links: c.linkOf("accounts", a.id),
	}
}

// field is there for no filter.
func (a *account) field(string) any { return a.id }
