package mapper

import "bytes"

var (
	pathMappedToDestination = newPath("context.mappedToDestination")
	pathExternalID          = newPath("context.externalId")
	pathExternalIDValue     = path{text: "context.externalId[0].id"} // no path of a rule
)

// externalIDTypes are the identifier types of rETL that name a person by the
// account's own id.
var externalIDTypes = map[string]bool{"userId": true, "id": true, "external_id": true}

// readRETL applies what a reverse ETL source says of a record: the column that
// identifies it becomes the trait of that name. It stands before the traits are
// read further.
func (m *mapping) readRETL() {
	mapped, _ := m.lookup(pathMappedToDestination)
	m.retl = mapped.isTruthy()
	if !m.retl {
		return
	}
	identifierType, id, ok := m.retlExternalID()
	if !ok {
		return
	}
	m.set(rootTraits, identifierType, id)
	if m.trace != nil {
		m.trace.moved["traits."+identifierType] = pathExternalIDValue.text
	}
	if externalIDTypes[identifierType] {
		m.externalID = id
	}
}

func (m *mapping) retlExternalID() (identifierType string, id value, ok bool) {
	list, _ := m.lookup(pathExternalID)
	if !list.isList() {
		return "", nil, false
	}
	inside := list.inside()
	if !inside.more() {
		return "", nil, false
	}
	first := inside.next()
	if !first.isObject() {
		return "", nil, false
	}
	kind := first.get("identifierType")
	id = first.get("id")
	if !kind.isString() {
		return "", nil, false
	}
	name := bytes.TrimSpace(m.content(kind))
	usable := id.isNumber() || id.isBool() || id.isString() && !id.isBlank()
	return string(name), id, usable && len(name) > 0 && len(name) <= maxTyped
}
