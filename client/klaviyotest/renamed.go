package klaviyotest

// renamed are the attributes that a revision has another name for than the account: the
// account's name by the type of the resource and the revision's name.
type renamed map[string]map[string]string

// read gives a value of a body, with the account's names in its resources.
func (r renamed) read(v any) any { return rename(v, r) }

// show gives a resource with the revision's names.
func (r renamed) show(shown resource) resource {
	if len(r) == 0 {
		return shown
	}
	revisions := make(renamed, len(r))
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

// rename copies a value, with other names for the attributes of resources of a type.
func rename(v any, names renamed) any {
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
