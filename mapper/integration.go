package mapper

import "bytes"

// integrationName is Klaviyo's name in integrations. It is case-insensitive: RudderStack's
// guides have two spellings.
const integrationName = "Klaviyo"

var nameKlaviyo = knownNames.add(integrationName)

// integrationWord returns nameKlaviyo if name is Klaviyo's name in any case, otherwise 0.
func integrationWord(name []byte) nameID {
	if len(name) == len(integrationName) && bytes.EqualFold(name, []byte(integrationName)) {
		return nameKlaviyo
	}
	return 0
}

// optionPath returns the path of an option for Klaviyo, with the name as the event spells it.
func (m *mapping) optionPath(option path) string {
	for i := range m.members[rootIntegrations] {
		named := &m.members[rootIntegrations][i]
		if named.nameID == nameKlaviyo && named.value.isObject() && len(named.value.get(option.name())) > 0 {
			return rootIntegrations.path() + "." + string(named.name()) + "." + option.name()
		}
	}
	return option.text
}
