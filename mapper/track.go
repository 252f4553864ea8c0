package mapper

import (
	"slices"
)

// The rules of what an event is called, and of what it is worth.
var (
	eventPath      = newPath("event")
	propertiesPath = newPath("properties")
	trackName      = newRule("metric", "event P.event P.name name")
	screenName     = newRule("metric", "name event P.name")
	valueRule      = newRule("value", "P.revenue P.total P.value")
	ecommerceValue = newRule("value", "P.value P.revenue P.total")
	messageIDRule  = newRule("unique_id", "messageId")
)

// eventName finds the name of a track or a screen.
func (m *mapping) eventName(names *rule) (textValue, *Error) {
	if event, ok := m.lookup(eventPath); ok && !event.isString() && !event.isNull() {
		return textValue{}, &Error{Code: CodeWrongType, Field: "event", Message: "must be a string"}
	}
	name, ok := m.firstText(names)
	if !ok {
		return textValue{}, &Error{Code: CodeMissingEventName, Field: "event", Message: "no event name; set event"}
	}
	name.text = trim(name.text)
	return name, nil
}

// readEvent finds out what a track or a screen says. It is told where an event of a
// warehouse has its time, if anywhere else than others.
func (m *mapping) readEvent(who person, name textValue, warehouseTime *rule) (*event, *Error) {
	value := &valueRule
	metric, ecommerce, isEcommerce := m.metricOf(name.text)
	if isEcommerce {
		value = &ecommerceValue
		m.readItemTexts()
	}
	worth := m.firstNumber(value)
	e := &m.meant
	*e = event{metric: metric, value: string(worth.text), backfill: m.cfg.HistoricalImport}
	m.readEventProfile(&e.profile, who)
	e.currency = m.currency()
	at, err := m.eventTime(m.timeFrom(warehouseTime))
	if err != nil {
		return nil, err
	}
	e.time = at.text
	properties := m.ownProperties(&at)
	if isEcommerce {
		properties = m.renameProperties(ecommerce, properties, &worth)
	} else {
		properties = properties.without(&worth)
	}
	if !isEcommerce && !m.cfg.FlattenProperties && len(properties) == len(m.parts[rootProperties]) {
		e.properties = m.unchangedObject(propertiesPath)
	} else {
		most := &m.revision.limits
		properties = m.flatten(properties, most.properties, most.event, (*mapping).propertyPath)
		e.properties = m.json(properties, most.event, (*mapping).eventTooLarge)
	}

	if e.uniqueID = m.id; m.id == "" || len(m.id) > maxShown || m.trace != nil {
		id, _ := m.firstText(&messageIDRule) // which says why, or where
		e.uniqueID = trim(id.text)
	}
	if e.uniqueID == "" {
		e.uniqueID = uuidOf(trimBytes(m.event))
	}
	if most := m.revision.limits.uniqueID; most > 0 && len(e.uniqueID) > most {
		e.uniqueID = shortID(e.uniqueID, most)
	}
	return e, m.checkEvent(e, properties, name.path)
}

// key is what the event is known by.
func (e *event) key() EventKey { return EventKey{Metric: e.metric, Time: e.time, UniqueID: e.uniqueID} }

// ownProperties are the properties of an event but for those that identify the person or
// say when it happened.
func (m *mapping) ownProperties(at *moment) object {
	properties := m.parts[rootProperties]
	own := slices.Grow(m.own[:0], len(properties))
	for i := range properties {
		if p := &properties[i]; !m.leaves[p.word] && !at.isIn(p.word) {
			own = append(own, *p)
			own[len(own)-1].items = slices.Contains(itemLists, p.word) && p.value.isList()
			if m.trace != nil {
				m.trace.used["properties."+string(p.name())] = true
			}
		}
	}
	m.own = own // its memory serves the next event
	return own
}

// unchangedObject gives an object that needs no change as it stands in the event, or {}.
func (m *mapping) unchangedObject(p path) []byte {
	at := m.at[p.root][p.word]
	if at == 0 || len(m.parts[rootProperties]) == 0 {
		return []byte("{}")
	}
	found := &m.parts[p.root][at-1]
	if !found.hasSpace {
		return found.value
	}
	compact, ok := found.value.compact(m.revision.limits.event)
	if !ok {
		m.setLimitError(m.eventTooLarge())
	}
	return compact
}

// without leaves out the property that became the event's value.
func (o object) without(worth *numberValue) object {
	if i := slices.IndexFunc(o, func(p member) bool { return worth.isIn(p.word) }); i >= 0 {
		return slices.Delete(o, i, i+1)
	}
	return o
}

func (*mapping) propertyPath(name []byte) string { return "properties." + shown(name) }

// readEventProfile finds out what a track or a screen says of the person.
func (m *mapping) readEventProfile(p *profile, who person) {
	p.Identity, p.anonymousID = who.Identity, m.anonymousID()
	for i := range profileFields {
		f := &profileFields[i]
		*f.of(p) = m.read(f, &f.inEvent)
	}
	if channels, from, ok := m.firstList(&subscriptionConsent); ok {
		p.consent = m.channelTexts(channels, from)
	}
	custom := m.withoutSpecialNames(m.customTraits(leftOutOfEvents), p)
	m.readCustom(p, custom, who, m.revision.limits.event, (*mapping).eventTooLarge)
}

// channelTexts gives the elements that are text, in a list that isn't nil.
func (m *mapping) channelTexts(channels value, from path) []string {
	out := []string{}
	for channel := range m.eachChannel(channels) {
		if len(out) == maxChannels {
			m.setLimitError(limitError(CodeListTooLong, from.text, "a profile can have at most %d channels", maxChannels))
			break
		}
		if channel != nil {
			out = append(out, string(m.take(channel)))
		}
	}
	return out
}

// withoutSpecialNames leaves out the traits whose names are special and set.
func (m *mapping) withoutSpecialNames(custom object, p *profile) object {
	return slices.DeleteFunc(custom, func(trait member) bool {
		isSet := m.revision.special[trait.word]
		if isSet == nil || !isSet(p) {
			return false
		}
		m.warnCollision(m.traitPath(trait.name()), "its name is reserved for a field of the profile")
		return true
	})
}
