package config

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
