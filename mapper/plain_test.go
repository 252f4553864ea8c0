package mapper_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// This is the mapping once more, as docs/mapping.md says it and with no thought of
// speed: values are decoded when they are looked at, names are compared one by one.
// TestPlain and FuzzPlain hold the mapper against it.

// pairs is a JSON object in its order.
type pairs []pair

type pair struct {
	name string
	raw  json.RawMessage
}

func (o pairs) get(name string) (json.RawMessage, bool) {
	for _, p := range o {
		if p.name == name {
			return p.raw, true
		}
	}
	return nil, false
}

func (o pairs) with(name string, raw json.RawMessage) pairs {
	out := slices.Clone(o)
	for i := range out {
		if out[i].name == name {
			out[i].raw = raw
			return out
		}
	}
	return append(out, pair{name, raw})
}

// orMissing adds a member unless there is one of that name.
func (o pairs) orMissing(name string, raw json.RawMessage) pairs {
	if _, ok := o.get(name); ok {
		return o
	}
	return append(o, pair{name, raw})
}

func pairsOf(raw json.RawMessage) pairs {
	if kindOf(raw) != '{' {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	must(d.Token())
	o := pairs{}
	for d.More() {
		name := must(d.Token()).(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			panic(err)
		}
		o = append(o, pair{name, value})
	}
	return o
}

func listOf(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		panic(err)
	}
	return list
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// kindOf is what a value begins with: one of {["0tfn, or 0 if there is none.
func kindOf(raw json.RawMessage) byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0:
		return 0
	case raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9':
		return '0'
	}
	return raw[0]
}

func textOf(raw json.RawMessage) string {
	if kindOf(raw) != '"' {
		return string(bytes.TrimSpace(raw))
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err)
	}
	return s
}

func isBlankText(raw json.RawMessage) bool {
	return kindOf(raw) == '"' && strings.TrimSpace(textOf(raw)) == ""
}

func isTruthyValue(raw json.RawMessage) bool {
	switch kindOf(raw) {
	case '"':
		return textOf(raw) != ""
	case '0':
		mantissa, _, _ := strings.Cut(strings.ToLower(textOf(raw)), "e")
		return strings.ContainsAny(mantissa, "123456789")
	case 't', '{', '[':
		return true
	}
	return false
}

// plain maps one event.
type plain struct {
	cfg      mapper.Config
	event    pairs
	context  pairs
	t, c, p  pairs
	kept     []keptValue
	warnings []goldenProblem
	retl     bool
	retlID   json.RawMessage
	// identity, set by identify
	email, phone, externalID string
	klaviyoID                string
	userID                   json.RawMessage
	externalIDPath           string
	patch                    plainPatch
	endedChannels            []string
}

// keptValue is one that could not be used where it belongs.
type keptValue struct {
	place string // event, T, C or P
	name  string
	raw   json.RawMessage
}

// plainError is how a step ends the mapping.
type plainError struct{ goldenProblem }

func fail(code mapper.Code, field string) { panic(plainError{goldenProblem{code, field}}) }

func (m *plain) warn(code mapper.Code, field string) {
	m.warnings = append(m.warnings, goldenProblem{code, field})
}

// plainResult is what the event becomes, with bodies as they go over the wire.
type plainResult struct {
	messageID string
	skipped   mapper.SkipReason
	bodies    []string
	warnings  []goldenProblem
	err       *goldenProblem
}

func mapPlain(event []byte, cfg mapper.Config) (result plainResult) {
	m := &plain{cfg: cfg}
	defer func() {
		if result.warnings = m.warnings; len(m.warnings) > 100 {
			result.warnings = append(m.warnings[:100], goldenProblem{mapper.CodeMoreWarnings, ""})
		}
		if r := recover(); r != nil {
			e, ok := r.(plainError)
			if !ok {
				panic(r)
			}
			result.bodies, result.err = nil, &e.goldenProblem
		}
	}()
	if kindOf(event) != '{' {
		fail(mapper.CodeInvalidEvent, "")
	}
	m.event = pairsOf(event)
	if id, ok := m.event.get("messageId"); ok && strings.IndexByte(`"0tf`, kindOf(id)) >= 0 {
		result.messageID = cutName(strings.TrimSpace(textOf(id)))
	}
	kind := ""
	if v, _ := m.event.get("type"); kindOf(v) == '"' {
		kind = strings.ToLower(strings.TrimSpace(textOf(v)))
	}
	if result.skipped = m.skip(kind); result.skipped != "" {
		return result
	}
	if kind == "" {
		if v, ok := m.event.get("type"); ok && kindOf(v) != 'n' && kindOf(v) != '"' {
			fail(mapper.CodeWrongType, "type")
		}
		fail(mapper.CodeMissingType, "type")
	}
	m.readParts()
	switch kind {
	case "identify":
		result.bodies = m.identifyBodies()
	case "track":
		result.bodies = []string{m.eventBody("event", "P.event", "P.name")}
	case "screen":
		result.bodies = []string{m.eventBody("name", "event", "P.name")}
	case "group":
		result.bodies = []string{m.groupBody()}
	case "alias":
		into, from := m.merged()
		result.bodies = []string{mergeBody(into, from)}
	}
	return result
}

// Section 7: what is skipped.
func (m *plain) skip(kind string) mapper.SkipReason {
	if !slices.Contains([]string{"", "identify", "track", "screen", "group"}, kind) && !(kind == "alias" && m.cfg.MergeOnAlias) {
		return mapper.SkipUnsupportedType
	}
	v, _ := m.event.get("integrations")
	integrations := pairsOf(v)
	klaviyo, _ := integrations.get("Klaviyo")
	all, _ := integrations.get("All")
	if kindOf(klaviyo) == 'f' || kindOf(all) == 'f' && !isTruthyValue(klaviyo) {
		return mapper.SkipNotForKlaviyo
	}
	if kind == "alias" {
		v, _ := m.event.get("context")
		m.context = pairsOf(v)
		if into, _ := m.merged(); into == "" {
			return mapper.SkipNotProfiles
		}
	}
	name, _ := m.event.get("event")
	if kind != "track" || kindOf(name) != '"' || isBlankText(name) {
		return ""
	}
	among := func(names mapper.EventNames) bool {
		return slices.ContainsFunc(names, func(n string) bool { return strings.TrimSpace(n) == strings.TrimSpace(textOf(name)) })
	}
	switch m.cfg.EventFilteringOption {
	case mapper.EventFilteringWhitelist:
		if !among(m.cfg.WhitelistedEvents) {
			return mapper.SkipFiltered
		}
	case mapper.EventFilteringBlacklist:
		if among(m.cfg.BlacklistedEvents) {
			return mapper.SkipFiltered
		}
	}
	return ""
}

// Section 1 and, for rETL, section 7.
func (m *plain) readParts() {
	part := func(in pairs, name, field string) pairs {
		v, ok := in.get(name)
		if ok && kindOf(v) != '{' && kindOf(v) != 'n' {
			m.warn(mapper.CodeWrongType, field)
		}
		return pairsOf(v)
	}
	m.t = part(m.event, "traits", "traits")
	m.context = part(m.event, "context", "context")
	mapped, _ := m.context.get("mappedToDestination")
	if m.retl = isTruthyValue(mapped); m.retl {
		m.readRETL()
	}
	m.c = part(m.context, "traits", "context.traits")
	m.p = part(m.event, "properties", "properties")
	for _, options := range []struct {
		place, field string
		traits       pairs
	}{{"T", "traits.properties", m.t}, {"C", "context.traits.properties", m.c}} {
		part(options.traits, "properties", options.field)
		if v, ok := options.traits.get("properties"); ok && kindOf(v) != '{' && kindOf(v) != 'n' {
			m.keep(options.place+".properties", v)
		}
	}
}

func (m *plain) readRETL() {
	v, _ := m.context.get("externalId")
	if kindOf(v) != '[' {
		return
	}
	list := listOf(v)
	if len(list) == 0 {
		return
	}
	first := pairsOf(list[0])
	kind, _ := first.get("identifierType")
	id, _ := first.get("id")
	if kindOf(kind) != '"' || isBlankText(kind) || strings.IndexByte(`"0tf`, kindOf(id)) < 0 || isBlankText(id) {
		return
	}
	name := strings.TrimSpace(textOf(kind))
	m.t = m.t.with(name, id)
	if slices.Contains([]string{"userId", "id", "external_id"}, name) {
		m.retlID = id
	}
}

// get follows a path of the page: its root, and a name or a walk through an address.
func (m *plain) get(path string) (json.RawMessage, bool) {
	keys := strings.Split(path, ".")
	o := m.event
	switch keys[0] {
	case "T", "TP":
		o = m.t
	case "C", "CP":
		o = m.c
	case "P":
		o = m.p
	case "context":
		o = m.context
	default:
		return o.get(path)
	}
	if keys[0] == "TP" || keys[0] == "CP" {
		keys = slices.Insert(keys, 1, "properties")
	}
	for _, key := range keys[1 : len(keys)-1] {
		v, _ := o.get(key)
		o = pairsOf(v)
	}
	return o.get(keys[len(keys)-1])
}

func fieldOf(path string) string {
	for _, r := range [][2]string{{"TP.", "traits.properties."}, {"CP.", "context.traits.properties."}, {"T.", "traits."}, {"C.", "context.traits."}, {"P.", "properties."}} {
		if rest, ok := strings.CutPrefix(path, r[0]); ok {
			return r[1] + rest
		}
	}
	return path
}

// keep keeps a value that no rule can use, the first of a name.
func (m *plain) keep(path string, raw json.RawMessage) {
	place, name, ok := strings.Cut(path, ".")
	switch {
	case path == "userId":
		place, name = "event", "userId"
	case !ok || !slices.Contains([]string{"T", "C", "P"}, place) || strings.Contains(name, "."):
		return
	}
	for _, k := range m.kept {
		if k.name == name && (k.place == "P") == (place == "P") {
			return
		}
	}
	m.kept = append(m.kept, keptValue{place, name, raw})
}

func (m *plain) isKept(place, name string) bool {
	return slices.ContainsFunc(m.kept, func(k keptValue) bool { return k.place == place && k.name == name })
}

// firstText gives the first usable text, the path that has it, and whether there was
// a null if none has.
func (m *plain) firstText(paths ...string) (text, path string, null bool) {
	for _, path := range paths {
		v, ok := m.get(path)
		if !ok || isBlankText(v) {
			continue
		}
		switch kindOf(v) {
		case 'n':
			null = true
		case '{', '[':
			m.warn(mapper.CodeWrongType, fieldOf(path))
			m.keep(path, v)
		default:
			return textOf(v), path, false
		}
	}
	return "", "", null
}

func (m *plain) firstFlag(paths ...string) (flag bool, path string, there bool) {
	for _, path := range paths {
		v, found := m.get(path)
		if !found {
			continue
		}
		there = true
		text := strings.ToLower(textOf(v))
		switch {
		case kindOf(v) == 'n' || isBlankText(v):
		case strings.IndexByte(`"tf`, kindOf(v)) >= 0 && (text == "true" || text == "false"):
			return text == "true", path, true
		default:
			m.warn(mapper.CodeWrongType, fieldOf(path))
		}
	}
	return false, "", there
}

func (m *plain) firstNumber(paths ...string) (number, path string) {
	for _, path := range paths {
		v, ok := m.get(path)
		if !ok || kindOf(v) == 'n' || isBlankText(v) {
			continue
		}
		text := strings.TrimSpace(textOf(v))
		var f float64
		if k := kindOf(v); (k == '0' || k == '"') && len(text) <= 1_000 && text != "null" && json.Unmarshal([]byte(text), &f) == nil {
			return text, path
		}
		m.warn(mapper.CodeNotNumeric, fieldOf(path))
	}
	return "", ""
}

func (m *plain) firstList(paths ...string) (list []json.RawMessage, path string) {
	for _, path := range paths {
		v, ok := m.get(path)
		switch {
		case !ok || kindOf(v) == 'n' || isBlankText(v):
		case kindOf(v) == '[':
			return listOf(v), path
		case kindOf(v) == '"':
			return []json.RawMessage{v}, path
		default:
			m.warn(mapper.CodeWrongType, fieldOf(path))
		}
	}
	return nil, ""
}

// Section 2.
func (m *plain) identify(externalIDSuffices bool) {
	if ids := m.klaviyoIDs(); len(ids) > 0 && m.served() {
		m.klaviyoID = ids[0].id
	} else if len(ids) > 0 {
		m.warn(mapper.CodeNoPlace, ids[0].field)
	}
	id, path, _ := m.firstTextOfUser()
	if path != "" {
		m.externalIDPath = path
		if !m.cfg.EnforceEmailAsPrimary {
			m.externalID = strings.TrimSpace(id)
		}
	}
	email, emailPath, _ := m.firstText("T.email", "C.email", "P.email")
	phone, phonePath, _ := m.firstText("T.phone", "C.phone", "P.phone")
	m.email, m.phone = plainEmail(email), plainPhone(phone, m.cfg.DefaultCountry)
	nobody := m.email == "" && m.phone == "" && m.klaviyoID == "" && !(externalIDSuffices && m.cfg.AllowExternalIDOnly && m.externalID != "")
	for _, found := range []struct {
		name, path, valid string
		code              mapper.Code
	}{{"email", emailPath, m.email, mapper.CodeInvalidEmail}, {"phone", phonePath, m.phone, mapper.CodeInvalidPhone}} {
		if found.path == "" || found.valid != "" {
			continue
		}
		if nobody {
			fail(found.code, fieldOf(found.path))
		}
		m.warn(found.code, fieldOf(found.path))
		for _, path := range []string{found.path, "P." + found.name} {
			if v, ok := m.get(path); ok {
				m.keep(path, v)
			}
		}
	}
	if nobody {
		fail(mapper.CodeMissingIdentifier, "")
	}
}

func (m *plain) firstTextOfUser() (text, path string, null bool) {
	if m.retlID != nil {
		m.userID = m.retlID
		return textOf(m.retlID), "context.externalId[0].id", false
	}
	text, path, null = m.firstText("userId", "T.userId", "T.id", "C.userId", "C.id")
	if path != "" {
		m.userID, _ = m.get(path)
	}
	return text, path, null
}

func plainEmail(s string) string {
	s = strings.TrimSpace(s)
	at := strings.Index(s, "@")
	if at <= 0 || at == len(s)-1 || strings.Count(s, "@") != 1 || strings.IndexFunc(s, unicode.IsSpace) >= 0 {
		return ""
	}
	return s
}

func plainPhone(s, country string) string {
	s = strings.TrimSpace(s)
	if strings.HasPrefix(s, "+") {
		country = ""
	} else if country == "" {
		return ""
	}
	number, err := phonenumbers.Parse(s, country)
	if err != nil || number.GetExtension() != "" || !phonenumbers.IsValidNumber(number) {
		return ""
	}
	return phonenumbers.Format(number, phonenumbers.E164)
}

func (m *plain) checkExternalID() {
	if utf8.RuneCountInString(m.externalID) > 255 {
		pointer := "/" + strings.NewReplacer(".", "/", "[", "/", "]", "").Replace(fieldOf(m.externalIDPath))
		fail(mapper.CodeExternalIDTooLong, pointer)
	}
}

// plainFields are the typed fields of a profile: its name there, its special name in an
// event's profile, and where it comes from.
var plainFields = []struct {
	name, special string
	paths         string
}{
	{"first_name", "$first_name", "T.firstName T.firstname T.first_name C.firstName C.firstname C.first_name"},
	{"last_name", "$last_name", "T.lastName T.lastname T.last_name C.lastName C.lastname C.last_name"},
	{"title", "$title", "T.title C.title P.title"},
	{"organization", "$organization", "T.organization C.organization P.organization"},
	{"image", "$image", "T.image C.image P.image T.avatar C.avatar"},
	{"location.timezone", "$timezone", "T.timezone C.timezone P.timezone context.timezone"},
	{"location.city", "$city", "T.city T.address.city C.city C.address.city P.city"},
	{"location.country", "$country", "T.country T.address.country C.country C.address.country P.country"},
	{"location.region", "$region", "T.region T.address.region C.region C.address.region P.region T.state T.address.state C.state C.address.state P.state"},
	{"location.zip", "$zip", "T.zip T.postalcode T.postalCode T.address.zip T.address.postalcode T.address.postalCode " +
		"C.zip C.postalcode C.postalCode C.address.zip C.address.postalcode C.address.postalCode P.zip P.postalcode P.postalCode"},
	{"location.address1", "$address1", "T.street T.address.street C.street C.address.street P.street"},
}

// fields reads the typed fields: texts, and null where that is to be sent.
func (m *plain) fields(name func(i int) string, into map[string]any) {
	for i, f := range plainFields {
		text, path, null := m.firstText(strings.Fields(f.paths)...)
		switch {
		case path != "" && strings.HasSuffix(f.name, "_name"):
			into[name(i)] = strings.TrimSpace(text)
		case path != "":
			into[name(i)] = text
		case null && m.cfg.SendNulls:
			into[name(i)] = nil
		}
	}
}

var plainLeftOut = strings.Fields("email firstName firstname first_name lastName lastname last_name phone title organization " +
	"city region country zip image timezone id userId anonymousId properties")

func (m *plain) customTraits() pairs {
	var custom pairs
	hidden := make(map[string]bool)
	for _, from := range []struct {
		place  string
		traits pairs
	}{{"T", m.t}, {"C", m.c}} {
		for _, trait := range from.traits {
			if hidden[trait.name] || slices.Contains(plainLeftOut, trait.name) && !m.isKept(from.place, trait.name) {
				continue
			}
			hidden[trait.name] = true
			if kindOf(trait.raw) != 'n' || m.cfg.SendNulls {
				custom = append(custom, trait)
			}
		}
	}
	for _, k := range m.kept {
		if k.place == "event" {
			custom = custom.orMissing(k.name, k.raw)
		}
	}
	return custom
}

func (m *plain) traitField(name string) string {
	if _, ok := m.t.get(name); ok {
		return "traits." + cutName(name)
	}
	return "context.traits." + cutName(name)
}

func (m *plain) withUserID(custom pairs) pairs {
	if !m.cfg.EnforceEmailAsPrimary || m.userID == nil {
		return custom
	}
	if _, ok := custom.get("_id"); ok {
		m.warn(mapper.CodeNameCollision, m.traitField("_id"))
	}
	return custom.with("_id", m.userID)
}

// Section 3.
func (m *plain) identifyBodies() []string {
	m.identify(true)
	attributes := map[string]any{}
	for name, text := range map[string]string{"email": m.email, "phone_number": m.phone, "external_id": m.externalID} {
		if text != "" {
			attributes[name] = text
		}
	}
	fields := map[string]any{}
	m.fields(func(i int) string { return plainFields[i].name }, fields)
	location := map[string]any{}
	for name, v := range fields {
		if inner, ok := strings.CutPrefix(name, "location."); ok {
			location[inner] = v
		} else {
			attributes[name] = v
		}
	}
	if len(location) > 0 {
		attributes["location"] = location
	}
	custom := m.customTraits()
	for _, k := range m.kept {
		if k.place == "P" {
			custom = custom.orMissing(k.name, k.raw)
		}
	}
	if custom = m.flatten(m.withUserID(m.readPatch(custom)), m.traitField); len(custom) > 0 {
		attributes["properties"] = custom
	}
	body := encodePlain("profile", attributes)
	if m.served() {
		body = m.servedProfile(attributes)
	}
	bodies := append([]string{body}, m.identifySubscription()...)
	m.checkExternalID()
	if len(bodies[0]) > 100_000 {
		fail(mapper.CodeTooLarge, "")
	}
	return bodies
}

func (m *plain) identifySubscription() []string {
	subscribe, path, there := m.firstFlag("TP.subscribe", "CP.subscribe", "P.subscribe")
	ok := path != ""
	if m.retl && !there {
		subscribe, ok = true, true
	}
	listID := func() string {
		if text, path, _ := m.firstText("TP.listId", "CP.listId", "P.listId"); path != "" {
			return strings.TrimSpace(text)
		}
		return strings.TrimSpace(m.cfg.ListID)
	}
	switch {
	case ok && subscribe:
		list := listID()
		if list == "" {
			m.warn(mapper.CodeSubscribeWithoutList, "listId")
			return nil
		}
		channels := m.channels("TP", "CP", "P")
		if len(channels) == 0 {
			m.warn(mapper.CodeNoConsentedChannel, "consent")
			return nil
		}
		return []string{m.subscription(list, channels)}
	case ok && m.unsubscribes():
		if m.email == "" && m.phone == "" {
			m.warn(mapper.CodeNoConsentedChannel, "subscribe")
			return nil
		}
		if field := m.endedBy("TP", "CP", "P"); field != "" {
			m.warn(mapper.CodeNoConsentedChannel, field)
			return nil
		}
		return []string{m.unsubscription(listID())}
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
	if list, path := m.firstList(in("consent")...); path != "" {
		email, sms = false, false
		for _, v := range list {
			switch {
			case kindOf(v) == '"' && textOf(v) == "email":
				email, emailPath = true, path
			case kindOf(v) == '"' && textOf(v) == "sms":
				sms, smsPath = true, path
			default:
				m.warn(mapper.CodeUnknownChannel, fieldOf(path))
			}
		}
	}
	if flag, path, _ := m.firstFlag(in("smsConsent")...); path != "" {
		sms, smsPath = flag, path
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

// Section 7: group.
func (m *plain) groupBody() string {
	m.identify(false)
	list, path, _ := m.firstText("groupId")
	if path == "" {
		fail(mapper.CodeMissingGroupID, "groupId")
	}
	list = strings.TrimSpace(list)
	subscribe, path, _ := m.firstFlag("T.subscribe", "C.subscribe", "TP.subscribe", "CP.subscribe")
	switch {
	case path != "" && subscribe:
		channels := m.channels("TP", "CP", "P", "T", "C")
		if len(channels) == 0 {
			fail(mapper.CodeNoConsentedChannel, "consent")
		}
		return m.subscription(list, channels)
	case path != "" && m.unsubscribes():
		if field := m.endedBy("TP", "CP", "P", "T", "C"); field != "" {
			fail(mapper.CodeNoConsentedChannel, field)
		}
		return m.unsubscription(list)
	}
	fail(mapper.CodeSubscribeRequired, "subscribe")
	return ""
}

// Sections 4 and 6.
func (m *plain) eventBody(names ...string) string {
	m.identify(true)
	if v, ok := m.event.get("event"); ok && kindOf(v) != '"' && kindOf(v) != 'n' {
		fail(mapper.CodeWrongType, "event")
	}
	name, namePath, _ := m.firstText(names...)
	if namePath == "" {
		fail(mapper.CodeMissingEventName, "event")
	}
	name = strings.TrimSpace(name)
	column, isEcommerce := plainMetrics[strings.ToLower(name)]
	attributes := map[string]any{}
	var value, valuePath string
	if isEcommerce {
		name = column
		value, valuePath = m.firstNumber("P.value", "P.revenue", "P.total")
	} else {
		value, valuePath = m.firstNumber("P.revenue", "P.total", "P.value")
	}
	if value != "" {
		attributes["value"] = json.RawMessage(value)
	}
	attributes["metric"] = map[string]any{"name": name}
	profile := m.eventProfile()
	attributes["profile"] = profile

	var properties pairs
	for _, p := range m.p {
		switch {
		case (p.name == "email" || p.name == "phone") && !m.isKept("P", p.name):
		case !isEcommerce && "P."+p.name == valuePath:
		default:
			properties = append(properties, p)
		}
	}
	own := slices.Clone(properties)
	if isEcommerce {
		properties = m.ecommerce(column, properties, value, strings.TrimPrefix(valuePath, "P."))
	}
	properties = m.flatten(properties, func(name string) string { return "properties." + cutName(name) })
	attributes["properties"] = properties
	if t := m.time(); t != "" {
		attributes["time"] = t
	}
	if id, path, _ := m.firstText("messageId"); path != "" {
		attributes["unique_id"] = strings.TrimSpace(id)
	}
	body := encodePlain("event", attributes)
	if m.served() {
		body = m.servedEvent(attributes, profile)
	}
	m.checkEvent(name, namePath, properties, own, body)
	if m.served() {
		m.checkServed(attributes)
	}
	m.checkExternalID()
	return body
}

// specialProfile is an event's profile: special names, and custom ones behind them.
type specialProfile struct {
	special map[string]any
	custom  pairs
}

func (m *plain) eventProfile() specialProfile {
	s := specialProfile{special: map[string]any{}}
	for name, text := range map[string]string{"$email": m.email, "$phone_number": m.phone, "$id": m.externalID} {
		if text != "" {
			s.special[name] = text
		}
	}
	m.fields(func(i int) string { return plainFields[i].special }, s.special)
	if list, path := m.firstList("TP.consent", "CP.consent", "P.consent", "T.consent", "C.consent"); path != "" {
		consent := []string{}
		for _, v := range list {
			if strings.IndexByte(`"0tf`, kindOf(v)) >= 0 {
				consent = append(consent, textOf(v))
			}
		}
		s.special["$consent"] = consent
	}
	for _, trait := range m.customTraits() {
		_, set := s.special[trait.name]
		if m.served() && trait.name != "$consent" {
			set = false
		}
		if set || slices.Contains([]string{"$email", "$phone_number", "$id"}, trait.name) {
			m.warn(mapper.CodeNameCollision, m.traitField(trait.name))
			continue
		}
		s.custom = append(s.custom, trait)
	}
	s.custom = m.flatten(m.withUserID(m.readPatch(s.custom)), m.traitField)
	return s
}

func (m *plain) time() string {
	text, _ := m.timeAt()
	return text
}

func timeOfText(text string) (time.Time, error) { return time.Parse(time.RFC3339, text) }

// timeAt gives the event's time, and the field that has it.
func (m *plain) timeAt() (text, field string) {
	for _, name := range []string{"timestamp", "originalTimestamp"} {
		v, ok := m.event.get(name)
		if !ok || kindOf(v) == 'n' || isBlankText(v) {
			continue
		}
		text := strings.ToUpper(strings.TrimSpace(textOf(v)))
		if kindOf(v) != '"' || len(text) > 1_000 || !plainTime.MatchString(text) {
			fail(mapper.CodeInvalidTime, name)
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil || t.Year() < 2001 && t.UTC().Year() < 2001 || t.After(m.cfg.Now().AddDate(1, 0, 0)) || t.UTC().Year() < 2001 {
			fail(mapper.CodeInvalidTime, name)
		}
		return text, name
	}
	return "", ""
}

// Section 5.
var plainMetrics = map[string]string{
	"product viewed": "Viewed Product", "product clicked": "Viewed Product",
	"product added": "Added to Cart", "checkout started": "Started Checkout",
}

var plainColumns = map[string]map[string]string{
	"Viewed Product": {"name": "ProductName", "product_id": "ProductID", "sku": "SKU", "image_url": "ImageURL", "url": "URL", "brand": "Brand",
		"price": "Price", "compare_at_price": "CompareAtPrice", "categories": "Categories"},
	"Added to Cart": {"name": "AddedItemProductName", "product_id": "AddedItemProductID", "sku": "AddedItemSKU", "image_url": "AddedItemImageURL",
		"url": "AddedItemURL", "price": "AddedItemPrice", "quantity": "AddedItemQuantity", "categories": "AddedItemCategories",
		"item_names": "ItemNames", "checkout_url": "CheckoutURL"},
	"Started Checkout": {"order_id": "$event_id", "categories": "Categories", "item_names": "ItemNames", "checkout_url": "CheckoutURL"},
}

var plainItems = map[string]string{
	"product_id": "ProductID", "sku": "SKU", "name": "ProductName", "quantity": "Quantity", "price": "Price", "total": "RowTotal",
	"row_total": "RowTotal", "url": "URL", "image_url": "ImageURL", "categories": "ProductCategories",
}

func (m *plain) ecommerce(metric string, o pairs, value, valueName string) pairs {
	items := ""
	size := -1
	for _, name := range []string{"items", "products"} {
		if v, _ := o.get(name); kindOf(v) == '[' && size < 1 && len(listOf(v)) > size {
			items, size = name, len(listOf(v))
		}
	}
	names := func(p pair) (string, json.RawMessage) {
		switch {
		case items != "" && p.name == items && m.cfg.ItemFields == mapper.ItemFieldsTransformer:
			return "items", m.items(p)
		case items != "" && p.name == items:
			return "Items", m.items(p)
		case value != "" && p.name == valueName && metric != "Viewed Product":
			return "$value", json.RawMessage(value)
		}
		return plainColumns[metric][p.name], p.raw
	}
	return m.renamed(o, "properties", names)
}

func (m *plain) items(list pair) json.RawMessage {
	var texts []string
	for i, item := range listOf(list.raw) {
		if kindOf(item) != '{' {
			texts = append(texts, compactPlain(item))
			continue
		}
		fields := pairsOf(item)
		_, hasTotal := fields.get("total")
		texts = append(texts, encodePairs(m.renamed(fields, fmt.Sprintf("properties.%s[%d]", list.name, i), func(f pair) (string, json.RawMessage) {
			name := plainItems[f.name]
			switch {
			case f.name == "row_total" && hasTotal:
				name = ""
			case m.cfg.ItemFields != mapper.ItemFieldsTransformer:
			case f.name == "price":
				name = "ItemPrice"
			case f.name == "url":
				name = "ProductURL"
			}
			return name, f.raw
		})))
	}
	return json.RawMessage("[" + strings.Join(texts, ",") + "]")
}

// renamed gives members their names; one that keeps its own loses it to a mapped one.
func (m *plain) renamed(o pairs, place string, names func(pair) (string, json.RawMessage)) pairs {
	taken := make(map[string]bool)
	mapped := make(pairs, len(o))
	for i, p := range o {
		name, raw := names(p)
		mapped[i] = pair{name, raw}
		taken[name] = name != ""
	}
	var out pairs
	for i, p := range o {
		switch {
		case mapped[i].name != "":
			out = append(out, mapped[i])
		case taken[p.name]:
			m.warn(mapper.CodeNameCollision, place+"."+p.name)
		default:
			out = append(out, p)
		}
	}
	return out
}

// Section 8.
func (m *plain) flatten(o pairs, field func(string) string) pairs {
	if !m.cfg.FlattenProperties {
		return o
	}
	literal := make(map[string]bool)
	for _, p := range o {
		if !isTakenApart(p.raw) {
			literal[p.name] = true
		}
	}
	var out pairs
	taken := make(map[string]bool)
	var add func(top, key string, raw json.RawMessage)
	add = func(top, key string, raw json.RawMessage) {
		switch {
		case isTakenApart(raw) && kindOf(raw) == '{':
			for _, p := range pairsOf(raw) {
				add(top, key+"."+p.name, p.raw)
			}
		case isTakenApart(raw):
			for i, v := range listOf(raw) {
				add(top, key+"["+strconv.Itoa(i)+"]", v)
			}
		case literal[key] || taken[key]:
			m.warn(mapper.CodeNameCollision, field(top)+cutName(key[len(top):]))
		default:
			taken[key] = true
			out = append(out, pair{key, raw})
		}
	}
	for _, p := range o {
		if isTakenApart(p.raw) {
			add(p.name, p.name, p.raw)
		} else {
			out = append(out, p)
		}
	}
	return out
}

func isTakenApart(raw json.RawMessage) bool {
	switch kindOf(raw) {
	case '{':
		return len(pairsOf(raw)) > 0
	case '[':
		list := listOf(raw)
		return len(list) > 0 && (kindOf(list[0]) == '{' || kindOf(list[0]) == 'n')
	}
	return false
}

// Section 10.
func (m *plain) checkEvent(name, namePath string, properties, own pairs, body string) {
	if utf8.RuneCountInString(name) > 127 {
		fail(mapper.CodeMetricNameTooLong, "/"+strings.ReplaceAll(fieldOf(namePath), ".", "/"))
	}
	if most := map[bool]int{false: 300, true: 400}[m.served()]; len(properties) > most {
		fail(mapper.CodeTooManyProperties, "/properties")
	}
	if err := brokenIn(properties); err != nil {
		if inEvent := brokenIn(own); inEvent != nil && inEvent.Code == err.Code {
			err = inEvent
		}
		fail(err.Code, err.Field)
	}
	if len(body) > 5_000_000 {
		fail(mapper.CodeTooLarge, "")
	}
}

// brokenIn is the first limit that a property breaks, or nil.
func brokenIn(properties pairs) (broken *goldenProblem) {
	defer func() {
		if err, ok := recover().(plainError); ok {
			broken = &err.goldenProblem
		}
	}()
	for _, p := range properties {
		checkPlainValue(p.raw, "/properties/"+escapePointer(p.name), 2)
	}
	return nil
}

func escapePointer(name string) string {
	return strings.ReplaceAll(strings.ReplaceAll(cutName(name), "~", "~0"), "/", "~1")
}

// cutName is a name, or an id, as errors, warnings and results have it.
func cutName(name string) string {
	if len(name) <= 1_000 {
		return name
	}
	return strings.ToValidUTF8(name[:1_000], "") + "…"
}

func checkPlainValue(raw json.RawMessage, pointer string, level int) {
	switch kindOf(raw) {
	case '"':
		if len(textOf(raw)) > 100_000 {
			fail(mapper.CodeStringTooLong, pointer)
		}
	case '{', '[':
		if level > 10 {
			fail(mapper.CodeTooDeep, pointer)
		}
	}
	switch kindOf(raw) {
	case '{':
		for _, p := range pairsOf(raw) {
			checkPlainValue(p.raw, pointer+"/"+escapePointer(p.name), level+1)
		}
	case '[':
		list := listOf(raw)
		if len(list) > 4000 {
			fail(mapper.CodeListTooLong, pointer)
		}
		for i, v := range list {
			checkPlainValue(v, pointer+"/"+strconv.Itoa(i), level+1)
		}
	}
}

// encodePlain writes a body, the names of fields in their alphabet's order.
func encodePlain(kind string, attributes map[string]any) string {
	return encodeValue(map[string]any{"data": map[string]any{"type": kind, "attributes": attributes}})
}

func encodeValue(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var members []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			members = append(members, encodeValue(name)+":"+encodeValue(v[name]))
		}
		return "{" + strings.Join(members, ",") + "}"
	case []map[string]any:
		var list []string
		for _, one := range v {
			list = append(list, encodeValue(one))
		}
		return "[" + strings.Join(list, ",") + "]"
	case specialProfile:
		special, custom := encodeValue(v.special), encodePairs(v.custom)
		switch {
		case len(v.custom) == 0:
			return special
		case len(v.special) == 0:
			return custom
		}
		return strings.TrimSuffix(special, "}") + "," + strings.TrimPrefix(custom, "{")
	case pairs:
		return encodePairs(v)
	case json.RawMessage:
		return compactPlain(v)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// encodePairs writes values as they came, but for white space.
func encodePairs(o pairs) string {
	var members []string
	for _, p := range o {
		members = append(members, encodeValue(p.name)+":"+compactPlain(p.raw))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func compactPlain(raw json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		panic(err)
	}
	return b.String()
}

// plainTime is RFC 3339, but for days that don't exist.
var plainTime = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$`)
