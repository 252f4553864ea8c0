package mapper_test

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 8: flattenProperties.

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

// flattenEvent flattens the properties of an event, whose lists of items stay lists.
func (m *plain) flattenEvent(o pairs, isEcommerce bool, field func(string) string) pairs {
	if !m.cfg.FlattenProperties {
		return o
	}
	_, mapped := m.itemsOf(m.p)
	var whole pairs
	rest := slices.Clone(o)
	for i, p := range rest {
		isItems := p.name == "items" || p.name == "products" || isEcommerce && p.name == "Items" && mapped != "" && m.cfg.ItemFields != mapper.ItemFieldsTransformer
		if !isItems || kindOf(p.raw) != '[' {
			continue
		}
		var texts []string
		for j, item := range listOf(p.raw) {
			if kindOf(item) != '{' {
				texts = append(texts, compactPlain(item))
				continue
			}
			place := field(p.name) + "[" + strconv.Itoa(j) + "]"
			texts = append(texts, encodePairs(m.flatten(pairsOf(item), func(name string) string { return m.ownPath(place, name) })))
		}
		whole = append(whole, pair{p.name, json.RawMessage("[" + strings.Join(texts, ",") + "]")})
		rest[i].raw = json.RawMessage(`0`) // so that its name is one that stands there
	}
	rest = m.flatten(rest, field)
	for _, p := range whole {
		rest = rest.with(p.name, p.raw)
	}
	return rest
}
