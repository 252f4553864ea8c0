package mapper

import "strings"

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

// bulkUploadType is what the type of the external id begins with where the destination
// imports profiles, and subscribes nobody.
const bulkUploadType = "KLAVIYO_BULK_UPLOAD"

// subscribesByDefault says that a record that says nothing of subscribing subscribes.
func (m *mapping) subscribesByDefault() bool {
	if !m.retl {
		return false
	}
	kind := m.firstExternalID().get("type")
	return !kind.isString() || !strings.HasPrefix(kind.text(), bulkUploadType)
}

// firstExternalID is the object that names the record, or an empty one.
func (m *mapping) firstExternalID() value {
	if list, _ := m.lookup(pathExternalID); list.isList() {
		if inside := list.inside(); inside.more() {
			if first := inside.next(); first.isObject() {
				return first
			}
		}
	}
	return value("{}")
}

func (m *mapping) retlExternalID() (identifierType string, id value, ok bool) {
	first := m.firstExternalID()
	kind := first.get("identifierType")
	id = first.get("id")
	if !kind.isString() {
		return "", nil, false
	}
	name := trimBytes(m.content(kind))
	usable := id.isNumber() || id.isBool() || id.isString() && !id.isBlank()
	return string(name), id, usable && len(name) > 0 && len(name) <= maxTyped
}
