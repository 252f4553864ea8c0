package mapper

import "bytes"

// integrationName is Klaviyo's name among the integrations, which is matched in any case:
// RudderStack's own guides write it in two.
const integrationName = "Klaviyo"

var wordKlaviyo = knownNames.add(integrationName)

// integrationWord is the word of Klaviyo's name, however it is written, or 0.
func integrationWord(name []byte) nameID {
	if len(name) == len(integrationName) && bytes.EqualFold(name, []byte(integrationName)) {
		return wordKlaviyo
	}
	return 0
}

// optionPath is where an option for Klaviyo stands, under the name as the event writes it.
func (m *mapping) optionPath(option path) string {
	for i := range m.parts[rootIntegrations] {
		named := &m.parts[rootIntegrations][i]
		if named.word == wordKlaviyo && named.value.isObject() && len(named.value.get(option.name())) > 0 {
			return rootIntegrations.path() + "." + string(named.name()) + "." + option.name()
		}
	}
	return option.text
}
