package klaviyotest

// attributeNames maps the attribute names of a revision to those of the account, by resource
// type.
type attributeNames map[string]map[string]string

// toAccount returns a body with the account's names in its resources.
func (r attributeNames) toAccount(v any) any { return rename(v, r) }

// toRevision returns a resource with the revision's names.
func (r attributeNames) toRevision(shown resource) resource {
	if len(r) == 0 {
		return shown
	}
	revisions := make(attributeNames, len(r))
	for kind, names := range r {
		revisions[kind] = make(map[string]string, len(names))
		for name, accounts := range names {
			revisions[kind][accounts] = name
		}
	}
	whole := object(rename(map[string]any{"type": shown.Type, "attributes": shown.Attributes}, revisions))
	shown.Attributes = object(whole["attributes"])
	return shown
}

// rename returns a copy of v in which the attributes of resources are renamed.
func rename(v any, names attributeNames) any {
	switch v := v.(type) {
	case map[string]any:
		all := make(map[string]any, len(v))
		for name, member := range v {
			all[name] = rename(member, names)
		}
		if given := names[text(v["type"])]; given != nil && object(all["attributes"]) != nil {
			attributes := make(map[string]any)
			for name, member := range object(all["attributes"]) {
				if other, ok := given[name]; ok {
					name = other
				}
				attributes[name] = member
			}
			all["attributes"] = attributes
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, element := range v {
			all[i] = rename(element, names)
		}
		return all
	}
	return v
}
