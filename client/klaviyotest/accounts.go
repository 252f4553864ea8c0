package klaviyotest

// getAccounts returns the account, the only one of a key.
func (a *account) getAccounts(c *call) response {
	return pageResponse(c, []*account{a}, 1, nil)
}

// toResource returns the account of an example shop.
func (a *account) toResource(c *call) resource {
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
				"street_address":       pickValues(nil, "address1", "address2", "city", "region", "country", "zip"),
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

// field isn't used: no filter applies to accounts.
func (a *account) field(string) any { return a.id }
