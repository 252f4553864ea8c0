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

// trace takes notes for an Explanation. There is none when an event is only mapped.
type trace struct {
	taken []takenValue
	// profile and properties are the origins of custom properties whose names don't
	// tell, by the name in the request.
	profile, properties map[string]origin
	// ofItems are the origins of properties of the events of items, by their request, and
	// order those of the event that they are of.
	ofItems map[int]map[string]origin
	order   map[string]origin
	// prices are where the values of those events come from, by their request.
	prices map[int]string
	// used are the paths of values that are in a request, lost of those that are not
	// because their name is taken.
	used, lost map[string]bool
	// moved are the values that stand elsewhere than where they came from.
	moved map[string]string
}

// takenValue is a value that a rule took.
type takenValue struct {
	rule *rule
	path string
}

type origin struct {
	path string
	why  Why
}

func newTrace() *trace {
	return &trace{
		profile: make(map[string]origin), properties: make(map[string]origin),
		used: make(map[string]bool), lost: make(map[string]bool), moved: make(map[string]string),
	}
}

// beginItem takes notes of the event of an item, which becomes a request of its own.
func (t *trace) beginItem(request int, price string) {
	if t.ofItems == nil {
		t.ofItems, t.prices = make(map[int]map[string]origin), make(map[int]string)
	}
	t.prices[request] = price
	t.order, t.properties = t.properties, make(map[string]origin)
	t.ofItems[request] = t.properties
}

func (t *trace) endItem() { t.properties = t.order }

// traceTaken notes that a rule takes the value at a path.
func (m *mapping) traceTaken(r *rule, path string) {
	if m.trace == nil {
		return
	}
	if r.whole != nil {
		r = r.whole
	}
	m.trace.taken = append(m.trace.taken, takenValue{r, path})
	m.trace.used[path] = true
}

// keptTrait notes that a custom property of a profile comes from a path.
func (m *mapping) keptTrait(name []byte, path string, why Why) {
	if m.trace == nil {
		return
	}
	if _, ok := m.trace.profile[string(name)]; !ok {
		m.trace.profile[string(name)] = origin{path, why}
	}
	m.trace.used[path] = true
}

// renamed notes that a property of an event has another name in the request.
func (m *mapping) renamed(label *member, path string) {
	m.trace.properties[string(label.name())] = origin{path, WhyRenamed}
}

// flattened notes that a custom property was nested in the member of that name, which
// stands at place.
func (m *mapping) flattened(key, name, place string) {
	origins := m.trace.profile
	if strings.HasPrefix(place, "properties.") {
		origins = m.trace.properties
	}
	whole, ok := origins[name]
	switch {
	case !ok:
		origins[key] = origin{place + key[len(name):], WhyFlattened}
	case whole.why == WhyRenamed: // and what is in it may be
		origins[key] = origin{whole.path, WhyFlattened}
	default:
		origins[key] = origin{whole.path + key[len(name):], WhyFlattened}
	}
}

// isTaken says that a rule took the value at a path.
func (t *trace) isTaken(path string) bool {
	return slices.ContainsFunc(t.taken, func(v takenValue) bool { return v.path == path })
}

// decided notes that a rule acts on the value at a path, which is in no request then.
func (t *trace) decided(path string, by *rule) {
	t.used[path] = true
	t.taken = slices.Insert(t.taken, 0, takenValue{by, path}) // behind what is sent for the rule
}

// by gives the rule of that name that took a value, and the value's path.
func (t *trace) by(name string) (takenValue, bool) {
	for i := len(t.taken) - 1; i >= 0; i-- {
		if t.taken[i].rule.name == name {
			return t.taken[i], true
		}
	}
	return takenValue{}, false
}

// fieldRules are the rules of a body's fields, by their JSON Pointers.
type fieldRules map[string]string

func (r fieldRules) with(others fieldRules) fieldRules {
	maps.Copy(r, others)
	return r
}

// profileRules are the rules of a profile's fields, of which place gives the pointer.
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

// bodyFields say where the bodies of a kind have what, by JSON Pointers. What they don't
// name, and isn't within an object of custom properties, is a constant of the API.
type bodyFields struct {
	rules fieldRules
	// custom are the objects of the person's custom properties, properties that of the
	// event's own.
	custom     []string
	properties string

	open map[string]bool // the objects and lists around those
}

// openFields are the objects and lists that are explained field by field.
func (b bodyFields) openFields() map[string]bool {
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

// holds says whether an object of the body has a field in it.
func holds(object, pointer string) bool {
	rest, ok := strings.CutPrefix(pointer, object)
	return ok && object != "" && rest != "" && rest[0] == '/'
}

// isFree says that a field is a custom property, of the person or of the event.
func (b *bodyFields) isFree(pointer string) bool {
	return holds(b.properties, pointer) ||
		slices.ContainsFunc(b.custom, func(object string) bool { return holds(object, pointer) })
}

func (m *mapping) explainRequest(i int, request Request) []ExplainedField {
	var fields []ExplainedField
	switch request.Kind() {
	case KindSubscription, KindUnsubscription:
		fields = append(fields, m.explainSubscribe(i))
	}
	body := m.revision.bodies[request.Kind()]
	body.walk(request.AppendBody(nil), "", func(pointer string) {
		if body.rules[pointer] == "" && !body.isFree(pointer) {
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

// walk calls do for the fields within an object or a list.
func (b *bodyFields) walk(v value, pointer string, do func(pointer string)) {
	switch {
	case !b.open[pointer]:
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

// explainSubscribe says what made the request.
func (m *mapping) explainSubscribe(i int) ExplainedField {
	f := ExplainedField{Request: i, Why: WhyRule, Rule: identifySubscription.subscribe.name}
	if found, ok := m.trace.by(f.Rule); ok {
		f.Path, f.From = found.path, found.rule.texts()
	}
	return f
}

func (m *mapping) explainField(body *bodyFields, pointer string, request int) ExplainedField {
	rule := body.rules[pointer]
	if price, ok := m.trace.prices[request]; ok && rule == valueRule.name {
		return ExplainedField{Path: price, Rule: rule, From: []string{price}, Why: WhyRule}
	}
	switch found, ok := m.trace.by(rule); {
	case ok:
		return ExplainedField{Path: found.path, Rule: rule, From: found.rule.texts(), Why: WhyRule}
	case !body.isFree(pointer):
		return m.explainSetting(rule)
	}
	name := pointerUnescapes.Replace(pointer[strings.LastIndexByte(pointer, '/')+1:])
	origins, place := m.trace.profile, ""
	if holds(body.properties, pointer) {
		origins, place = m.trace.properties, "properties."
		if ofItem := m.trace.ofItems[request]; ofItem != nil {
			origins = ofItem
		}
	}
	if o, ok := origins[name]; ok {
		return ExplainedField{Path: o.path, Why: o.why}
	}
	f := ExplainedField{Path: place + name, Why: WhyCustom}
	if w := knownNames.find([]byte(name), hashName([]byte(name))); w != 0 && m.isUnused(rootProperties, w) || m.isWarnedOf(CodeNotNumeric, f.Path) {
		f.Why = WhyUnusable
	}
	return f
}

// explainSetting gives the setting that stands for a value of the event.
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
		} else if found, ok := m.trace.by(consent); ok {
			f.Path, f.Rule, f.From = found.path, consent, found.rule.texts()
		} else {
			f.Path, f.Rule = "config.consent", consent
		}
	}
	return f
}

// backfillRule names the rule of what says that an event is of the past. It looks at the
// config alone.
const backfillRule = "historicalImport"

// isWarnedOf says that there is a warning of that code about the value at a path.
func (m *mapping) isWarnedOf(code Code, path string) bool {
	return slices.ContainsFunc(m.warnings, func(w Warning) bool { return w.Code == code && w.Field == path })
}

var (
	pointerEscapes   = strings.NewReplacer("~", "~0", "/", "~1")
	pointerUnescapes = strings.NewReplacer("~1", "/", "~0", "~")
)

// texts are the paths of the rule, from the top of the event.
func (r *rule) texts() []string {
	texts := make([]string, len(r.from))
	for i, p := range r.from {
		texts[i] = p.text
	}
	return texts
}

// explainUnused goes through the event for what is in no request.
func (m *mapping) explainUnused(fields []ExplainedField) []UnusedField {
	sent := make(map[string]bool)
	for _, f := range fields {
		sent[f.Path] = true
	}
	traits := make(map[string]bool, len(m.parts[rootTraits]))
	for i := range m.parts[rootTraits] {
		traits[string(m.parts[rootTraits][i].name())] = true
	}
	var unused []UnusedField
	var look func(o value, place string)
	look = func(o value, place string) {
		for i, s := 0, o.inside(); s.more() && i < maxTraits; i++ {
			path := place + string(s.next().content())
			s.more() // past the colon
			v := s.next()
			switch {
			case decisive[path], sent[path]:
			case m.trace.used[path] && !m.trace.isTaken(path): // sent in parts
			case m.trace.used[path] && m.isWarnedOf(CodeChannelWithoutIdentifier, path):
				unused = append(unused, UnusedField{Path: path, Why: WhyNoIdentifier})
			case m.trace.used[path]:
				unused = append(unused, UnusedField{Path: path, Why: WhyDecided})
			case explainedParts[path] && v.isObject():
				look(v, path+".")
			default:
				unused = append(unused, m.explainUnusedValue(path, v, traits))
			}
		}
	}
	look(bytes.TrimSpace(m.event), "")
	return unused
}

// decisive are the values that say what becomes of the event and not what is in it.
var decisive = map[string]bool{
	typePath.text: true, "integrations": true,
	pathMappedToDestination.text: true, pathExternalID.text: true,
}

// explainedParts are the objects that are gone through member by member.
var explainedParts = map[string]bool{
	"traits": true, "context": true, "context.traits": true, "properties": true,
	"traits.properties": true, "context.traits.properties": true,
}

// explainUnusedValue says why the value at a path isn't sent. It is told the names of
// traits.
func (m *mapping) explainUnusedValue(path string, v value, traits map[string]bool) UnusedField {
	u := UnusedField{Path: path, Why: WhyNoPlace}
	if m.trace.lost[path] {
		u.Why = WhyNameTaken
		return u
	}
	for _, taken := range m.trace.taken {
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
