package mapper_test

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// served is the revision that Klaviyo serves; the twin's other one is the default.
const served = "2026-07-15"

func (m *plain) served() bool { return m.cfg.Revision == served }

// plainPatch is what is done to properties that a profile has.
type plainPatch struct {
	add, remove pairs
	unset       []string
}

type plainKlaviyoID struct{ id, field string }

func (m *plain) klaviyoIDs() (ids []plainKlaviyoID) {
	v, _ := m.context.get("externalId")
	if kindOf(v) != '[' {
		return nil
	}
	for i, element := range listOf(v) {
		kind, _ := pairsOf(element).get("type")
		id, _ := pairsOf(element).get("id")
		if kindOf(kind) != '"' || textOf(kind) != "klaviyo-profileId" || kindOf(id) == 0 || kindOf(id) == 'n' || isBlankText(id) {
			continue
		}
		field := fmt.Sprintf("context.externalId[%d].id", i)
		if kindOf(id) == '{' || kindOf(id) == '[' {
			m.warn(mapper.CodeWrongType, field)
			continue
		}
		ids = append(ids, plainKlaviyoID{plainTrim(textOf(id)), field})
	}
	return ids
}

// merged are the two profiles of an alias, where both are known to be Klaviyo's.
func (m *plain) merged() (into, from string) {
	before := len(m.warnings)
	ids := m.klaviyoIDs()
	m.warnings = m.warnings[:before] // an alias is about nothing else
	own := func(name string) string {
		v, _ := m.event.get(name)
		if kindOf(v) != '"' || !slices.ContainsFunc(ids, func(known plainKlaviyoID) bool { return known.id == plainTrim(textOf(v)) }) {
			return ""
		}
		return plainTrim(textOf(v))
	}
	into, from = own("userId"), own("previousId")
	if into == "" || from == "" || into == from {
		return "", ""
	}
	return into, from
}

func mergeBody(into, from string) string {
	return encodeValue(map[string]any{"data": map[string]any{"type": "profile-merge", "id": into, "relationships": map[string]any{
		"profiles": map[string]any{"data": []map[string]any{{"type": "profile", "id": from}}},
	}}})
}

// klaviyoOption is an option for Klaviyo, whose name may be in any case, and where it is. Of
// several the first counts.
func klaviyoOption(event pairs, option string) (v json.RawMessage, field string) {
	integrations, _ := event.get("integrations")
	for _, named := range pairsOf(integrations) {
		if v, ok := pairsOf(named.raw).get(option); ok && strings.EqualFold(named.name, "klaviyo") {
			return v, "integrations." + named.name + "." + option
		}
	}
	return nil, ""
}

// readPatch takes what the options for Klaviyo name out of the custom properties.
func (m *plain) readPatch(custom pairs) pairs {
	names := func(option string) (names []string) {
		v, field := klaviyoOption(m.event, option)
		switch {
		case kindOf(v) == 0 || kindOf(v) == 'n' || isBlankText(v) || kindOf(v) == '[' && len(listOf(v)) == 0:
			return nil
		case !m.served():
			m.warn(mapper.CodeNoPlace, field)
			return nil
		case kindOf(v) != '[':
			m.warn(mapper.CodeWrongType, field)
			return nil
		}
		for _, element := range listOf(v) {
			switch {
			case kindOf(element) != '"' || isBlankText(element):
				m.warn(mapper.CodeWrongType, field)
			case !slices.Contains(names, textOf(element)):
				names = append(names, textOf(element))
			}
		}
		return names
	}
	unset, add, remove := names("fieldsToUnset"), names("fieldsToAppend"), names("fieldsToUnappend")
	m.patch.unset = unset
	var rest pairs
	for _, p := range custom {
		stays := !slices.Contains(unset, p.name)
		if kindOf(p.raw) != 'n' && slices.Contains(add, p.name) {
			m.patch.add, stays = append(m.patch.add, p), false
		}
		if kindOf(p.raw) != 'n' && slices.Contains(remove, p.name) {
			m.patch.remove, stays = append(m.patch.remove, p), false
		}
		if stays {
			rest = append(rest, p)
		}
	}
	return rest
}

// keepSent keeps what the event itself sets from being unset.
func (m *plain) keepSent(custom pairs, hasConsent bool) {
	var unset []string
	for _, name := range m.patch.unset {
		list, field := klaviyoOption(m.event, "fieldsToUnset")
		field += fmt.Sprintf("[%d]", slices.IndexFunc(listOf(list), func(v json.RawMessage) bool { return kindOf(v) == '"' && textOf(v) == name }))
		if _, ok := custom.get(name); ok || name == "$consent" && hasConsent {
			m.warn(mapper.CodeNameCollision, field)
		} else {
			unset = append(unset, name)
		}
	}
	m.patch.unset = unset
}

// meta is what patches a profile, or nothing.
func (m *plain) meta() map[string]any {
	patch := map[string]any{}
	if m.patch.add != nil {
		patch["append"] = m.patch.add
	}
	if m.patch.remove != nil {
		patch["unappend"] = m.patch.remove
	}
	if m.patch.unset != nil {
		patch["unset"] = m.patch.unset
	}
	if len(patch) == 0 {
		return nil
	}
	return map[string]any{"patch_properties": patch}
}

func (m *plain) servedProfile(attributes map[string]any) string {
	for _, path := range []string{"context.ip", "request_ip"} {
		v, _ := m.get(path)
		if kindOf(v) != '"' {
			continue
		}
		if _, err := netip.ParseAddr(plainTrim(textOf(v))); err == nil {
			location, _ := attributes["location"].(map[string]any)
			location = maps.Clone(location)
			if location == nil {
				location = map[string]any{}
			}
			location["ip"] = plainTrim(textOf(v))
			attributes["location"] = location
			break
		}
	}
	data := map[string]any{"type": "profile", "attributes": attributes}
	if m.klaviyoID != "" {
		data["id"] = m.klaviyoID
	}
	if meta := m.meta(); meta != nil {
		data["meta"] = meta
	}
	return encodeValue(map[string]any{"data": data})
}

// endedBy is the field of an error if there is no channel that a subscription could end for.
func (m *plain) endedBy(flag string, places ...string) string {
	if m.email == "" && m.phone == "" {
		return flag
	}
	if m.served() && len(m.ended(places...)) == 0 {
		return m.consentField
	}
	return ""
}

// ended are the channels that a subscription ends for.
func (m *plain) ended(places ...string) []string {
	var named []string
	var paths []string
	for _, place := range places {
		paths = append(paths, place+".consent")
	}
	list, path := m.firstList(paths...)
	m.consentField = fieldOf(path)
	for _, element := range list {
		name := strings.ToLower(plainTrim(textOf(element)))
		if kindOf(element) == '"' && (name == "email" || name == "sms") {
			named = append(named, name)
		} else {
			m.warn(mapper.CodeUnknownChannel, fieldOf(path))
		}
	}
	m.endedChannels = nil
	for _, channel := range []struct{ name, identifier string }{{"email", m.email}, {"sms", m.phone}} {
		if channel.identifier != "" && (len(named) == 0 || slices.Contains(named, channel.name)) {
			m.endedChannels = append(m.endedChannels, channel.name)
		}
	}
	return m.endedChannels
}

func (m *plain) servedSubscription(list string, channels map[string]any) string {
	given := map[string]any{"consent": "SUBSCRIBED"}
	job := map[string]any{}
	if m.cfg.HistoricalImport {
		at, field := m.timeAt("identify")
		switch {
		case at == "":
			fail(mapper.CodeMissingTime, "timestamp")
		case must(timeOfText(at)).After(m.cfg.Now()):
			fail(mapper.CodeInvalidTime, field)
		}
		given["consented_at"], job["historical_import"] = at, true
	}
	return m.servedJob("profile-subscription-bulk-create-job", list, slices.Sorted(maps.Keys(channels)), given, job, true)
}

func (m *plain) servedUnsubscription(list string) string {
	return m.servedJob("profile-subscription-bulk-delete-job", list, m.endedChannels, map[string]any{"consent": "UNSUBSCRIBED"}, map[string]any{}, false)
}

func (m *plain) servedJob(kind, list string, channels []string, consent, job map[string]any, withID bool) string {
	subscriptions := map[string]any{}
	for _, channel := range channels {
		subscriptions[channel] = map[string]any{"marketing": consent}
	}
	who := map[string]any{"subscriptions": subscriptions}
	for name, text := range map[string]string{"email": m.email, "phone_number": m.phone} {
		if text != "" {
			who[name] = text
		}
	}
	one := map[string]any{"type": "profile", "attributes": who}
	if withID && m.klaviyoID != "" {
		one["id"] = m.klaviyoID
	}
	job["profiles"] = map[string]any{"data": []map[string]any{one}}
	data := map[string]any{"type": kind, "attributes": job}
	if list != "" {
		data["relationships"] = map[string]any{"list": map[string]any{"data": map[string]any{"type": "list", "id": list}}}
	}
	return encodeValue(map[string]any{"data": data})
}

func (m *plain) servedEvent(attributes map[string]any, s specialProfile) string {
	who := map[string]any{}
	location := map[string]any{}
	for name, v := range s.special {
		if name == "$consent" {
			continue
		}
		for _, f := range plainFields {
			if f.special != name {
				continue
			}
			if inner, ok := strings.CutPrefix(f.name, "location."); ok {
				location[inner] = v
			} else {
				who[f.name] = v
			}
		}
	}
	if len(location) > 0 {
		who["location"] = location
	}
	for name, text := range map[string]string{"email": m.email, "phone_number": m.phone, "external_id": m.externalID} {
		if text != "" {
			who[name] = text
		}
	}
	if m.anonymousID != "" {
		who["anonymous_id"] = m.anonymousID
	}
	custom := s.custom
	if consent, ok := s.special["$consent"]; ok {
		custom = append(pairs{{"$consent", json.RawMessage(encodeValue(consent))}}, custom...)
	}
	if len(custom) > 0 {
		who["properties"] = custom
	}
	if meta := m.meta(); meta != nil {
		who["meta"] = meta
	}
	profile := map[string]any{"type": "profile", "attributes": who}
	if m.klaviyoID != "" {
		profile["id"] = m.klaviyoID
	}
	attributes["profile"] = map[string]any{"data": profile}
	attributes["metric"] = map[string]any{"data": map[string]any{"type": "metric", "attributes": attributes["metric"]}}
	if code := m.currency(); code != "" {
		attributes["value_currency"] = code
	}
	if id, _ := attributes["unique_id"].(string); utf8.RuneCountInString(id) > 255 {
		attributes["unique_id"] = plainUUID(id)
	}
	if m.cfg.HistoricalImport {
		attributes["backfill"] = true
	}
	return encodePlain("event", attributes)
}

// currency is the code of the event's currency.
func (m *plain) currency() string {
	v, _ := m.p.get("currency")
	if kindOf(v) != '"' {
		return ""
	}
	code := strings.ToUpper(plainTrim(textOf(v)))
	if !slices.Contains([]string{"EUR", "USD", "JPY", "DEM"}, code) { // of those in events here
		return ""
	}
	return code
}

// checkServed holds the profile inside an event to its limit.
func (m *plain) checkServed(attributes map[string]any) {
	profile := attributes["profile"].(map[string]any)["data"]
	if len(encodeValue(profile)) > 95_000 {
		fail(mapper.CodeTooLarge, "")
	}
}

// plainUUID is a UUID of version 5 made of a text.
func plainUUID(text string) string {
	sum := sha1.Sum([]byte("rudderklaviyo\x00\x00\x05" + text))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
