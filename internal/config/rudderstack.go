package config

// rudderStackKeys are the keys of RudderStack's form that mean nothing here.
var rudderStackKeys = map[string]bool{
	// Which of Klaviyo's revisions RudderStack itself is to use; see [Difference].
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

// ofRevision is what differs here about the keys that choose a revision in RudderStack's form.
const ofRevision = "here the revision of Klaviyo's API is that of the setting revision, or of --revision"

// differences say what does here what an ignored key does at RudderStack.
var differences = map[string]string{
	"apiVersion":                   ofRevision,
	"useNewKlaviyoRevisionVersion": ofRevision,
}

// Difference says what does here what a key does at RudderStack that is ignored, or is empty
// where nothing does.
func Difference(key string) string { return differences[key] }
