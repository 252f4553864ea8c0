package mapper

import "strings"

var (
	pathMappedToDestination = newPath("context.mappedToDestination")
	pathExternalID          = newPath("context.externalId")
	pathExternalIDValue     = path{text: "context.externalId[0].id"} // not used by a rule
)

// externalIDTypes are the identifier types of reverse ETL that are external ids.
var externalIDTypes = map[string]bool{"userId": true, "id": true, "external_id": true}

// readRETL applies the reverse ETL metadata of a record: the identifying column becomes a
// trait. It must be called before traits are read.
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

// bulkUploadType is the prefix of the external id's type if the destination imports profiles
// without subscribing them.
const bulkUploadType = "KLAVIYO_BULK_UPLOAD"

// subscribesByDefault reports whether a record without subscribe subscribes the person.
func (m *mapping) subscribesByDefault() bool {
	if !m.retl {
		return false
	}
	kind := m.firstExternalID().get("type")
	return !kind.isString() || !strings.HasPrefix(kind.text(), bulkUploadType)
}

// firstExternalID returns the object that identifies the record, or an empty object.
func (m *mapping) firstExternalID() value {
	if list, _ := m.lookup(pathExternalID); list.isList() {
		if inside := list.contents(); inside.more() {
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
	return string(name), id, usable && len(name) > 0 && len(name) <= maxScalar
}
