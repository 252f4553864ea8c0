package mapper

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Explanation shows where each field of an event's requests comes from, and which values
// of the event aren't used in any request.
type Explanation struct {
	// Result is the result of [Mapper.Map].
	Result
	// Fields are the fields of the requests, in the order of their bodies, without the
	// constants of the API.
	Fields []ExplainedField
	// Unused are the values of the event that aren't used in any request, in the order of
	// the event. Objects that have rules for their members are listed member by member, up
	// to 20,000 each. Other objects are listed as a whole.
	Unused []UnusedField
}

// ExplainedField is a field of a request and its origin.
type ExplainedField struct {
	// Request is the index of the request in Result.Requests.
	Request int `json:"request"`
	// Pointer is the JSON Pointer of the field in the request's body. It is empty if the
	// value isn't in the body, but is the reason for the request.
	Pointer string `json:"pointer"`
	// Path is the dotted path of the value in the event, or the key of a setting with the
	// prefix "config.". It is empty for the default subscription of a reverse ETL record, and
	// for an id that is derived from the whole event.
	Path string `json:"path"`
	// Rule is the name of the rule that set the field. It is empty for properties.
	Rule string `json:"rule,omitempty"`
	// From lists the paths that the rule reads, in order of precedence.
	From []string `json:"from,omitempty"`
	// Why is the reason that the field has this value.
	Why Why `json:"why"`
}

// UnusedField is a value of the event that isn't used in any request.
type UnusedField struct {
	// Path is the dotted path of the value in the event. It is empty if the whole event is
	// unused, since it has no requests.
	Path string `json:"path"`
	// Why is the reason that the value isn't used.
	Why Why `json:"why"`
	// Instead is the path of the value that was used in its place, or empty.
	Instead string `json:"instead,omitempty"`
}

// Why is the reason that a value is used as it is, or not used.
type Why string

// Reasons of an [ExplainedField].
const (
	// WhyRule means that a rule mapped the value to this field.
	WhyRule Why = "rule"
	// WhyCustom means that a trait or property without a rule keeps its name.
	WhyCustom Why = "custom"
	// WhyRenamed means that the property, or a field of an item, has another name in the
	// Klaviyo metric.
	WhyRenamed Why = "renamed"
	// WhyUnusable means that the value is invalid for the field that it maps to, and is
	// kept as a property.
	WhyUnusable Why = "unusable"
	// WhyFlattened means that the value was nested, and FlattenProperties is set.
	WhyFlattened Why = "flattened"
	// WhyUserID means that the user id is kept as a custom property.
	WhyUserID Why = "user_id"
)

// Reasons of an [UnusedField].
const (
	// WhyOtherFirst means that its rule used a value with higher precedence.
	WhyOtherFirst Why = "other_first"
	// WhyOverridden means that a trait of the same name in traits overrides it in
	// context.traits.
	WhyOverridden Why = "overridden"
	// WhyNameTaken means that a mapped field has the same name.
	WhyNameTaken Why = "name_taken"
	// WhyNull means that the value is null, which isn't sent.
	WhyNull Why = "null"
	// WhyDecided means that a rule read it, but it isn't visible in a request, such as
	// subscribe: false.
	WhyDecided Why = "decided"
	// WhyNoIdentifier means that it names a channel whose identifier is missing.
	WhyNoIdentifier Why = "no_identifier"
	// WhyNoPlace means that this kind of request has no field for it.
	WhyNoPlace Why = "no_place"
	// WhyUnsendable means that the event can't be sent.
	WhyUnsendable Why = "unsendable"
	// WhySkipped means that the event is skipped.
	WhySkipped Why = "skipped"
)

// Explain maps an event as [Mapper.Map] does, and also explains where each field comes
// from. The error is that of Map.
func (m *Mapper) Explain(event []byte) (Explanation, error) {
	w := m.begin(event)
	defer m.end(w)
	w.trace = newTrace()
	result, err := w.run()
	e := Explanation{Result: result}
	switch {
	case err != nil:
		e.Unused = []UnusedField{{Why: WhyUnsendable}}
		return e, err
	case result.Skipped != "":
		e.Unused = []UnusedField{{Why: WhySkipped}}
		return e, nil
	}
	for i, request := range result.Requests {
		e.Fields = append(e.Fields, w.explainRequest(i, request)...)
	}
	e.Unused = w.explainUnused(e.Fields)
	return e, nil
}

// fieldRules maps JSON Pointers of fields in a body to names of rules.
type fieldRules map[string]string

func (r fieldRules) with(others fieldRules) fieldRules {
	maps.Copy(r, others)
	return r
}

// profileRules returns the rules for the fields of a profile. place returns the pointer of a
// field.
func profileRules(place func(name string) string) fieldRules {
	rules := fieldRules{
		place("email"):        emailRule.name,
		place("phone_number"): phoneRule.name,
		place("external_id"):  externalIDRule.name,
		place(latitude):       latitude,
		place(longitude):      longitude,
	}
	for _, f := range profileFields {
		rules[place(f.name)] = f.from.name
	}
	return rules
}

// bodyFields describes the bodies of a kind of request. Fields that have no rule, and aren't in
// an object of custom properties, are constants of the API.
type bodyFields struct {
	rules fieldRules
	// custom are the pointers of objects with custom properties of the person, and properties
	// is the pointer of the event's properties.
	custom     []string
	properties string

	expanded map[string]bool // the objects and lists that contain those
}

// containers returns the objects and lists whose fields are explained one by one.
func (b bodyFields) containers() map[string]bool {
	open := map[string]bool{"": true, b.properties: true}
	around := func(pointer string) {
		for i := strings.LastIndexByte(pointer, '/'); i >= 0; i = strings.LastIndexByte(pointer[:i], '/') {
			open[pointer[:i]] = true
		}
	}
	for pointer := range b.rules {
		around(pointer)
	}
	for _, pointer := range append(b.custom, b.properties) {
		open[pointer] = true
		around(pointer)
	}
	return open
}

// contains reports whether pointer is within object.
func contains(object, pointer string) bool {
	rest, ok := strings.CutPrefix(pointer, object)
	return ok && object != "" && rest != "" && rest[0] == '/'
}

// isCustom reports whether a field is a custom property of the person or the event.
func (b *bodyFields) isCustom(pointer string) bool {
	return contains(b.properties, pointer) ||
		slices.ContainsFunc(b.custom, func(object string) bool { return contains(object, pointer) })
}

func (m *mapping) explainRequest(i int, request Request) []ExplainedField {
	var fields []ExplainedField
	switch request.Kind() {
	case KindSubscription, KindUnsubscription:
		fields = append(fields, m.explainSubscribe(i))
	}
	body := m.revision.bodies[request.Kind()]
	body.walk(request.AppendBody(nil), "", func(pointer string) {
		if body.rules[pointer] == "" && !body.isCustom(pointer) {
			return // a constant
		}
		f := m.explainField(&body, pointer, i)
		f.Request, f.Pointer = i, pointer
		if from, ok := m.trace.moved[f.Path]; ok {
			f.Path = from
		}
		fields = append(fields, f)
	})
	return fields
}

// walk calls do for each field in an object or a list.
func (b *bodyFields) walk(v value, pointer string, do func(pointer string)) {
	switch {
	case !b.expanded[pointer]:
		do(pointer)
	case v.isObject():
		for _, field := range v.members() {
			b.walk(field.value, pointer+"/"+pointerEscapes.Replace(string(field.name())), do)
		}
	case v.isList():
		for i, element := range v.elements() {
			b.walk(element, pointer+"/"+strconv.Itoa(i), do)
		}
	}
}

// explainSubscribe explains why there is a subscription request.
func (m *mapping) explainSubscribe(i int) ExplainedField {
	f := ExplainedField{Request: i, Why: WhyRule, Rule: identifySubscription.subscribe.name}
	if found, ok := m.trace.findRule(f.Rule); ok {
		f.Path, f.From = found.path, found.rule.paths()
	}
	return f
}

func (m *mapping) explainField(body *bodyFields, pointer string, request int) ExplainedField {
	rule := body.rules[pointer]
	if price, ok := m.trace.prices[request]; ok && rule == valueRule.name {
		return ExplainedField{Path: price, Rule: rule, From: []string{price}, Why: WhyRule}
	}
	switch found, ok := m.trace.findRule(rule); {
	case ok:
		return ExplainedField{Path: found.path, Rule: rule, From: found.rule.paths(), Why: WhyRule}
	case !body.isCustom(pointer):
		return m.explainSetting(rule)
	}
	name := pointerUnescapes.Replace(pointer[strings.LastIndexByte(pointer, '/')+1:])
	origins, place := m.trace.profile, ""
	if contains(body.properties, pointer) {
		origins, place = m.trace.properties, "properties."
		if ofItem := m.trace.itemProperties[request]; ofItem != nil {
			origins = ofItem
		}
	}
	if o, ok := origins[name]; ok {
		return ExplainedField{Path: o.path, Why: o.why}
	}
	f := ExplainedField{Path: place + name, Why: WhyCustom}
	if w := knownNames.find([]byte(name), hashName([]byte(name))); w != 0 && m.isUnused(rootProperties, w) || slices.ContainsFunc(unusableCodes, func(code Code) bool { return m.isWarnedOf(code, f.Path) }) {
		f.Why = WhyUnusable
	}
	return f
}

// explainSetting returns the setting that a value comes from.
func (m *mapping) explainSetting(rule string) ExplainedField {
	f := ExplainedField{Rule: rule, Why: WhyRule}
	switch consent := identifySubscription.consent.name; rule {
	case identifySubscription.listID.name:
		f.Path = "config.listId"
	case consent:
		f.Path = "config.consent"
	case backfillRule:
		f.Path = "config.historicalImport"
	case identifySubscription.smsConsent.name:
		if m.cfg.SMSConsent != nil {
			f.Path = "config.smsConsent"
		} else if found, ok := m.trace.findRule(consent); ok {
			f.Path, f.Rule, f.From = found.path, consent, found.rule.paths()
		} else {
			f.Path, f.Rule = "config.consent", consent
		}
	}
	return f
}

// backfillRule is the name of the rule for historical events. It only reads the config.
const backfillRule = "historicalImport"

// unusableCodes are the warnings about properties that a rule can't use.
var unusableCodes = []Code{CodeNotNumeric, CodeInvalidCurrency, CodeWrongType}

// isWarnedOf reports whether there is a warning with the code about the path.
func (m *mapping) isWarnedOf(code Code, path string) bool {
	return slices.ContainsFunc(m.warnings, func(w Warning) bool { return w.Code == code && w.Field == path })
}

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// paths returns the dotted paths that the rule reads.
func (r *rule) paths() []string {
	texts := make([]string, len(r.from))
	for i, p := range r.from {
		texts[i] = p.text
	}
	return texts
}

// explainUnused returns the values of the event that aren't in a request.
func (m *mapping) explainUnused(fields []ExplainedField) []UnusedField {
	sent := make(map[string]bool)
	for _, f := range fields {
		sent[f.Path] = true
	}
	traits := make(map[string]bool, len(m.members[rootTraits]))
	for i := range m.members[rootTraits] {
		traits[string(m.members[rootTraits][i].name())] = true
	}
	var unused []UnusedField
	var walk func(o value, place string)
	walk = func(o value, place string) {
		for i, s := 0, o.contents(); s.more() && i < maxTraits; i++ {
			path := place + string(s.next().content())
			s.more() // skip the colon
			v := s.next()
			switch {
			case controlPaths[path], sent[path]:
			case m.trace.used[path] && !m.trace.isApplied(path): // its members are sent
			case m.trace.used[path] && m.isWarnedOf(CodeChannelWithoutIdentifier, path):
				unused = append(unused, UnusedField{Path: path, Why: WhyNoIdentifier})
			case m.trace.used[path]:
				unused = append(unused, UnusedField{Path: path, Why: WhyDecided})
			case explainedParts[path] && v.isObject():
				walk(v, path+".")
			default:
				unused = append(unused, m.explainUnusedValue(path, v, traits))
			}
		}
	}
	walk(bytes.TrimSpace(m.event), "")
	return unused
}

// controlPaths are values that determine how the event is handled, and aren't data.
var controlPaths = map[string]bool{
	typePath.text: true, "integrations": true,
	pathMappedToDestination.text: true, pathExternalID.text: true,
}

// explainedParts are objects whose members are explained one by one.
var explainedParts = map[string]bool{
	"traits": true, "context": true, "context.traits": true, "properties": true,
	"traits.properties": true, "context.traits.properties": true,
}

// explainUnusedValue returns why the value at a path isn't sent. traits has the names of
// traits.
func (m *mapping) explainUnusedValue(path string, v value, traits map[string]bool) UnusedField {
	u := UnusedField{Path: path, Why: WhyNoPlace}
	if m.trace.dropped[path] {
		u.Why = WhyNameTaken
		return u
	}
	for _, taken := range m.trace.applied {
		for _, from := range taken.rule.from {
			if from.text == path {
				u.Why, u.Instead = WhyOtherFirst, taken.path
				return u
			}
		}
	}
	if name, ok := strings.CutPrefix(path, "context.traits."); ok {
		if traits[name] {
			u.Why, u.Instead = WhyOverridden, "traits."+name
			return u
		}
	}
	if v.isNull() {
		u.Why = WhyNull
	}
	return u
}
