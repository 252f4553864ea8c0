package doctor

import "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"

// Revision 2023-02-22 has no get_accounts and doesn't show how people join a list.
var _ = register(&revision{
	name: klaviyo.Revision,
	subscription: func(body any) (list string, sms bool) {
		switch body := body.(type) {
		case *klaviyo.SubscriptionCreateJobCreateQuery:
			for _, one := range body.Data.Attributes.Subscriptions {
				sms = sms || len(one.Channels.SMS) > 0
			}
			return body.Data.Attributes.ListID, sms
		case *klaviyo.UnsubscriptionCreateJobCreateQuery:
			return body.Data.Attributes.ListID, false
		}
		return "", false
	},
})
