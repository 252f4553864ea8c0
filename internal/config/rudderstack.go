package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// rudderStackKeys are the keys of RudderStack's form that mean nothing here.
var rudderStackKeys = map[string]bool{
	// Which of Klaviyo's revisions RudderStack itself is to use.
	"apiVersion":                   true,
	"useNewKlaviyoRevisionVersion": true,
	// The web SDK in device mode.
	"connectionMode":     true,
	"useNativeSDK":       true,
	"useNativeSDKToSend": true,
	"sendPageAsTrack":    true,
	"additionalPageInfo": true,
	// Consent as RudderStack's sources filter by it, before an event comes here.
	"consentManagement":        true,
	"oneTrustCookieCategories": true,
	"ketchConsentPurposes":     true,
	"iubendaConsentPurposes":   true,
	// The live view of delivered events.
	"eventDelivery":   true,
	"eventDeliveryTS": true,
}

// unwrap gives the settings of a document: its config object if it is a whole
// destination, which writes it config or Config, else the document itself.
func unwrap(document *yaml.Node) (*yaml.Node, error) {
	var config *yaml.Node
	for key, value := range pairs(document) {
		if strings.EqualFold(key.Value, "config") && value.Kind == yaml.MappingNode {
			config = value
		}
	}
	if config == nil {
		return document, nil
	}
	for key := range pairs(document) {
		if _, ok := fields[key.Value]; ok {
			return nil, errorAt(key, "%s stands beside config; move it into config", key.Value)
		}
	}
	return config, nil
}
