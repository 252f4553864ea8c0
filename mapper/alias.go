package mapper

// The rules of whom an alias is about. It is acted on only where both ids are known to
// be Klaviyo's own, for a merge can't be undone.
var (
	mergeIntoRule = newRule("profile that stays", "userId")
	mergeFromRule = newRule("profile that is merged", "previousId")
)

// skipAlias says why an alias is not acted on.
func (m *mapping) skipAlias() SkipReason {
	if m.readMerge() == (merge{}) {
		return SkipNotProfiles
	}
	return ""
}

// readMerge gives the profiles that an alias says are one, if it names both as Klaviyo's.
func (m *mapping) readMerge() merge {
	var known merge
	into, from := m.ownID(&mergeIntoRule), m.ownID(&mergeFromRule)
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

// ownID is an id of the event itself, without a word if there is none.
func (m *mapping) ownID(r *rule) string {
	v, _ := m.lookup(r.from[0])
	if !v.isString() {
		return ""
	}
	m.traceTaken(r, r.from[0].text)
	return string(trimBytes(m.content(v)))
}

func (m *mapping) aliasRequests() (person, []Request, *Error) {
	meant := m.readMerge()
	if m.broken != nil {
		return person{}, nil, m.broken
	}
	who := person{Identity: Identity{KlaviyoID: meant.into, MergedID: meant.from}}
	return who, []Request{m.revision.merge(&meant)}, nil
}
