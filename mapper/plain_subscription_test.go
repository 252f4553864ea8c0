package mapper_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Sections 3 and 7: subscribing, and group.

func (m *plain) identifySubscription() []string {
	subscribe, path, there := m.firstFlag("TP.subscribe", "CP.subscribe", "P.subscribe")
	ok, byDefault := path != "", false
	if m.retl && !there {
		v, _ := m.context.get("externalId")
		kind := json.RawMessage(nil)
		if kindOf(v) == '[' && len(listOf(v)) > 0 {
			kind, _ = pairsOf(listOf(v)[0]).get("type")
		}
		if kindOf(kind) != '"' || !strings.HasPrefix(textOf(kind), "KLAVIYO_BULK_UPLOAD") {
			subscribe, ok, byDefault = true, true, true
		}
	}
	listID := func() string {
		if text, path, _ := m.firstText("TP.listId", "CP.listId", "P.listId"); path != "" {
			return plainTrim(text)
		}
		return plainTrim(m.cfg.ListID)
	}
	switch {
	case ok && subscribe:
		list := listID()
		if list == "" {
			m.warn(mapper.CodeSubscribeWithoutList, "traits.properties.listId")
			return nil
		}
		channels := m.channels("TP", "CP", "P", "T", "C")
		if len(channels) == 0 {
			m.warn(mapper.CodeNoConsentedChannel, m.consentField)
			return nil
		}
		if byDefault {
			m.warn(mapper.CodeSubscribedByDefault, "traits.properties.subscribe")
		}
		return []string{m.subscription(list, channels)}
	case ok && m.unsubscribes():
		if field := m.endedBy(fieldOf(path), "TP", "CP", "P", "T", "C"); field != "" {
			m.warn(mapper.CodeNoConsentedChannel, field)
			return nil
		}
		return []string{m.unsubscription(listID())}
	case ok:
		m.warn(mapper.CodeNotUnsubscribed, fieldOf(path))
	case !there:
		for _, place := range []string{"T", "C"} {
			if v, found := m.get(place + ".subscribe"); found && (kindOf(v) == 't' || kindOf(v) == '"' && strings.EqualFold(textOf(v), "true")) {
				m.warn(mapper.CodeSubscribeElsewhere, fieldOf(place+".subscribe"))
				break
			}
		}
	}
	return nil
}

func (m *plain) unsubscribes() bool {
	if m.cfg.Unsubscribe == nil {
		return m.served()
	}
	return *m.cfg.Unsubscribe
}

// channels are those that are consented to and have their identifier.
func (m *plain) channels(places ...string) map[string]any {
	in := func(name string) (paths []string) {
		for _, place := range places {
			paths = append(paths, place+"."+name)
		}
		return paths
	}
	emailPath, smsPath := "", ""
	email, sms := slices.Contains(m.cfg.Consent, mapper.ChannelEmail) || m.cfg.Consent == nil, slices.Contains(m.cfg.Consent, mapper.ChannelSMS)
	m.consentField = "traits.properties.consent"
	list, listPath := m.firstList(in("consent")...)
	if path := listPath; path != "" {
		m.consentField = fieldOf(path)
		email, sms = false, false
		for _, v := range list {
			switch {
			case kindOf(v) == '"' && strings.EqualFold(plainTrim(textOf(v)), "email"):
				email, emailPath = true, path
			case kindOf(v) == '"' && strings.EqualFold(plainTrim(textOf(v)), "sms"):
				sms, smsPath = true, path
			default:
				m.warn(mapper.CodeUnknownChannel, fieldOf(path))
			}
		}
	}
	if flag, path, _ := m.firstFlag(in("smsConsent")...); path != "" {
		sms, smsPath = flag, path
		if listPath == "" {
			m.consentField = fieldOf(path)
		}
	} else if m.cfg.SMSConsent != nil {
		sms = *m.cfg.SMSConsent
	}
	channels := map[string]any{}
	if email && m.email != "" {
		channels["email"] = []string{"MARKETING"}
	}
	if sms && m.phone != "" {
		channels["sms"] = []string{"MARKETING"}
	}
	if _, ok := channels["email"]; !ok && email && emailPath != "" && len(channels) > 0 {
		m.warn(mapper.CodeChannelWithoutIdentifier, fieldOf(emailPath))
	}
	if _, ok := channels["sms"]; !ok && sms && smsPath != "" && len(channels) > 0 {
		m.warn(mapper.CodeChannelWithoutIdentifier, fieldOf(smsPath))
	}
	return channels
}

func (m *plain) subscription(list string, channels map[string]any) string {
	if m.served() {
		return m.servedSubscription(list, channels)
	}
	one := map[string]any{"channels": channels}
	for name, text := range map[string]string{"email": m.email, "phone_number": m.phone} {
		if text != "" {
			one[name] = text
		}
	}
	return encodePlain("profile-subscription-bulk-create-job", map[string]any{"list_id": list, "subscriptions": []map[string]any{one}})
}

func (m *plain) unsubscription(list string) string {
	if m.served() {
		return m.servedUnsubscription(list)
	}
	attributes := map[string]any{}
	if list != "" {
		attributes["list_id"] = list
	}
	if m.email != "" {
		attributes["emails"] = []string{m.email}
	}
	if m.phone != "" {
		attributes["phone_numbers"] = []string{m.phone}
	}
	return encodePlain("profile-unsubscription-bulk-create-job", attributes)
}

func (m *plain) groupBody() string {
	subscribe, flagPath, _ := m.firstFlag("T.subscribe", "C.subscribe", "TP.subscribe", "CP.subscribe")
	if flagPath == "" && m.unusableFlag == "" || flagPath != "" && !subscribe && !m.unsubscribes() {
		if flagPath != "" {
			m.warn(mapper.CodeNotUnsubscribed, fieldOf(flagPath))
		}
		m.skipped = mapper.SkipNotASubscription
		fail("", "")
	}
	unusable := m.unusableFlag
	m.identify(plainPerson{})
	list, path, _ := m.firstText("groupId")
	if path == "" {
		fail(mapper.CodeMissingGroupID, "groupId")
	}
	list = plainTrim(list)
	switch {
	case flagPath == "":
		fail(mapper.CodeSubscribeRequired, unusable)
	case subscribe:
		channels := m.channels("TP", "CP", "P", "T", "C")
		if len(channels) == 0 {
			fail(mapper.CodeNoConsentedChannel, m.consentField)
		}
		return m.subscription(list, channels)
	}
	if field := m.endedBy(fieldOf(flagPath), "TP", "CP", "P", "T", "C"); field != "" {
		fail(mapper.CodeNoConsentedChannel, field)
	}
	return m.unsubscription(list)
}
