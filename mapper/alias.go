package mapper

// Rules for the profiles of an alias. It only leads to a merge if both ids are known to be
// Klaviyo profile ids, since a merge can't be undone.
var (
	mergeIntoRule = newRule("profile that stays", "userId")
	mergeFromRule = newRule("profile that is merged", "previousId")
)

// skipAlias returns the reason to skip an alias, or "".
func (m *mapping) skipAlias() SkipReason {
	if m.readMerge() == (merge{}) {
		return SkipNotProfiles
	}
	return ""
}

// readMerge returns the profiles to merge, if the event says that both ids are Klaviyo profile
// ids.
func (m *mapping) readMerge() merge {
	var known merge
	into, from := m.trimmedID(&mergeIntoRule), m.trimmedID(&mergeFromRule)
	for id := range m.klaviyoIDs() {
		switch id {
		case into:
			known.into = id
		case from:
			known.from = id
		}
	}
	if known.into == "" || known.from == "" {
		return merge{}
	}
	return known
}

// trimmedID returns an id of the event without a warning if there is none.
func (m *mapping) trimmedID(r *rule) string {
	v, _ := m.lookup(r.from[0])
	if !v.isString() {
		return ""
	}
	m.traceRule(r, r.from[0].text)
	return string(trimBytes(m.content(v)))
}

func (m *mapping) aliasRequests() (person, []Request, *Error) {
	ids := m.readMerge()
	if m.limitErr != nil {
		return person{}, nil, m.limitErr
	}
	who := person{Identity: Identity{KlaviyoID: ids.into, MergedID: ids.from}}
	return who, []Request{m.revision.merge(&ids)}, nil
}
