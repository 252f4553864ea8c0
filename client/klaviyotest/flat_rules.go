package klaviyotest

// Rules for the bodies of a flat revision.
var (
	flatDeletionRules = []rule{
		{"/data/attributes", oneOf("email", "phone_number", "profile_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
	}
	flatSubscribeRules = []rule{
		{"/data/attributes/list_id", notEmpty},
		{"/data/attributes/subscriptions", maxElements(100)},
		{"/data/attributes/subscriptions", notEmpty},
		{"/data/attributes/subscriptions/*", anyOf("email", "phone_number", "profile_id")},
		{"/data/attributes/subscriptions/*", flatChannelIdentifiers},
		{"/data/attributes/subscriptions/*/email", email},
		{"/data/attributes/subscriptions/*/phone_number", phoneNumber},
	}
	flatUnsubscribeRules = []rule{
		{"/data/attributes", anyOf("emails", "phone_numbers")},
		{"/data/attributes/emails", maxElements(100)},
		{"/data/attributes/emails/*", email},
		{"/data/attributes/phone_numbers", maxElements(100)},
		{"/data/attributes/phone_numbers/*", phoneNumber},
	}
	flatClientProfileRules = []rule{
		{"/data/attributes", anyOf("email", "phone_number", "external_id", "anonymous_id")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
		{"/data/attributes/external_id", maxLength(255)},
	}
	flatClientSubscriptionRules = []rule{
		{"/data/attributes/list_id", notEmpty},
		{"/data/attributes", anyOf("email", "phone_number")},
		{"/data/attributes/email", email},
		{"/data/attributes/phone_number", phoneNumber},
	}
)

var flatEventRules = []rule{
	{"/data/attributes/profile", anyOf("$email", "$phone_number", "$id")},
	{"/data/attributes/profile/$email", email},
	{"/data/attributes/profile/$phone_number", phoneNumber},
	{"/data/attributes/profile/$id", maxLength(255)},
	{"/data/attributes/metric/name", notEmpty},
	{"/data/attributes/metric/name", maxLength(127)},
	{"/data/attributes/time", eventTime(2000)},
	{"/data/attributes/properties", maxMembers(300)},
	{"/data/attributes/properties", maxNested(100_000, 4_000, 10)},
}

var flatSuppressionRules = []rule{
	{"/data/attributes/suppressions", maxElements(100)},
	{"/data/attributes/suppressions", notEmpty},
	{"/data/attributes/suppressions/*/email", email},
}

// flatChannelIdentifiers requires the identifier of each channel.
func flatChannelIdentifiers(at string, v any) []requestError {
	var errs []requestError
	for _, ch := range flatChannels {
		if isSet(object(object(v)["channels"])[string(ch.channel)]) && !isSet(object(v)[ch.identifier]) {
			errs = append(errs, invalidField(pointer(at, ch.identifier), "The channel "+string(ch.channel)+" needs this field."))
		}
	}
	return errs
}
