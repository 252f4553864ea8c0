package mapper

import (
	"slices"
)

// Rules for the name and the value of an event.
var (
	eventPath      = newPath("event")
	propertiesPath = newPath("properties")
	trackName      = newRule("metric", "event P.event P.name name")
	screenName     = newRule("metric", "name event P.name")
	valueRule      = newRule("value", "P.revenue P.total P.value")
	ecommerceValue = newRule("value", "P.value P.revenue P.total")
	messageIDRule  = newRule("unique_id", "messageId")
)

// eventName returns the name of a track or screen event.
func (m *mapping) eventName(names *rule) (textValue, *Error) {
	if event, ok := m.lookup(eventPath); ok && !event.isString() && !event.isNull() {
		return textValue{}, &Error{Code: CodeWrongType, Field: "event", Message: "must be a string"}
	}
	name, ok := m.firstText(names)
	if !ok {
		return textValue{}, &Error{Code: CodeMissingEventName, Field: "event", Message: "no event name; set " + names.from[0].text}
	}
	name.text = trim(name.text)
	return name, nil
}

// readEvent returns the event of a track or screen. warehouseTime is the time rule for events
// from a warehouse, or nil.
func (m *mapping) readEvent(who person, name textValue, warehouseTime *rule) (*event, *Error) {
	value := &valueRule
	metric, ecommerce, isEcommerce := m.metricOf(name.text)
	if isEcommerce {
		value = &ecommerceValue
		m.readItemTexts()
	}
	amount := m.firstNumber(value)
	e := &m.parsed
	*e = event{metric: metric, value: string(amount.text), backfill: m.cfg.HistoricalImport}
	m.readEventProfile(&e.profile, who)
	e.currency = m.currency()
	at, err := m.eventTime(m.timeRuleFor(warehouseTime))
	if err != nil {
		return nil, err
	}
	e.time = at.text
	properties := m.eventProperties(&at)
	if isEcommerce {
		properties = m.renameProperties(ecommerce, properties, &amount)
	} else {
		properties = properties.withoutValue(&amount)
	}
	if !isEcommerce && !m.cfg.FlattenProperties && len(properties) == len(m.members[rootProperties]) {
		e.properties = m.unchangedObject(propertiesPath)
	} else {
		lim := &m.revision.limits
		properties = m.flatten(properties, lim.properties, lim.event, placeOfProperty)
		e.properties = m.json(properties, lim.event, (*mapping).eventTooLarge)
	}

	if e.uniqueID = m.id; m.id == "" || len(m.id) > maxTruncated || m.trace != nil {
		id, _ := m.firstText(&messageIDRule) // for its warnings and the trace
		e.uniqueID = trim(id.text)
	}
	if e.uniqueID == "" {
		e.uniqueID = uuidOf(trimBytes(m.event))
	}
	if limit := m.revision.limits.uniqueID; limit > 0 && len(e.uniqueID) > limit {
		e.uniqueID = shortID(e.uniqueID, limit)
	}
	return e, m.checkEvent(e, properties, name.path)
}

// key returns what identifies the event.
func (e *event) key() EventKey { return EventKey{Metric: e.metric, Time: e.time, UniqueID: e.uniqueID} }

// eventProperties returns the properties of an event, except those that identify the person or
// are its time.
func (m *mapping) eventProperties(at *timestamp) object {
	properties := m.members[rootProperties]
	own := slices.Grow(m.properties[:0], len(properties))
	for i := range properties {
		if p := &properties[i]; !m.identifying[p.nameID] && !at.isIn(p.nameID) {
			own = append(own, *p)
			own[len(own)-1].items = slices.Contains(itemLists, p.nameID) && p.value.isList()
			if m.trace != nil {
				m.trace.used["properties."+string(p.name())] = true
			}
		}
	}
	m.properties = own // reuse the memory for the next event
	return own
}

// unchangedObject returns an object that needs no changes without copying it, or {}.
func (m *mapping) unchangedObject(p path) []byte {
	at := m.indexes[p.root][p.nameID]
	if at == 0 || len(m.members[rootProperties]) == 0 {
		return []byte("{}")
	}
	found := &m.members[p.root][at-1]
	if !found.hasSpace {
		return found.value
	}
	compact, ok := found.value.compact(m.revision.limits.event)
	if !ok {
		m.setLimitError(m.eventTooLarge())
	}
	return compact
}

// withoutValue removes the property that is the event's value.
func (o object) withoutValue(amount *numberValue) object {
	if i := slices.IndexFunc(o, func(p member) bool { return amount.isIn(p.nameID) }); i >= 0 {
		return slices.Delete(o, i, i+1)
	}
	return o
}

func placeOfProperty(m *mapping, p *member) string { return m.propertyPath(p.ownName()) }

func (*mapping) propertyPath(name []byte) string { return "properties." + truncate(name) }

// readEventProfile reads the profile in a track or screen event.
func (m *mapping) readEventProfile(p *profile, who person) {
	p.Identity, p.anonymousID = who.Identity, m.anonymousID()
	for i := range profileFields {
		f := &profileFields[i]
		*f.field(p) = m.readField(f, &f.inEvent)
	}
	if channels, from, ok := m.firstList(&subscriptionConsent); ok {
		p.consent = m.channelTexts(channels, from)
	}
	custom := m.withoutReservedNames(m.customTraits(mappedEventTraits), p)
	m.readCustom(p, custom, who, m.revision.limits.event, (*mapping).eventTooLarge)
}

// channelTexts returns the elements that are text. The result isn't nil.
func (m *mapping) channelTexts(channels value, from path) []string {
	out := []string{}
	for channel := range m.eachChannel(channels) {
		if len(out) == maxChannels {
			m.setLimitError(limitError(CodeListTooLong, from.text, "a profile can have at most %d channels", maxChannels))
			break
		}
		if channel != nil {
			out = append(out, string(m.countText(channel)))
		}
	}
	return out
}

// withoutReservedNames removes traits with reserved names that are set.
func (m *mapping) withoutReservedNames(custom object, p *profile) object {
	return slices.DeleteFunc(custom, func(trait member) bool {
		isSet := m.revision.reserved[trait.nameID]
		if isSet == nil || !isSet(p) {
			return false
		}
		m.warnCollision(m.traitPath(trait.name()), "its name is reserved for a field of the profile")
		return true
	})
}
