package mapper_test

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 10: limits.

func (m *plain) checkEvent(properties, own pairs, body string, first, late func()) {
	first()
	if most := map[bool]int{false: 300, true: 400}[m.served()]; len(properties) > most {
		fail(mapper.CodeTooManyProperties, "properties")
	}
	if err := brokenIn(properties); err != nil {
		if inEvent := brokenIn(own); inEvent != nil && inEvent.Code == err.Code {
			err = inEvent
		}
		fail(err.Code, err.Field)
	}
	late()
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
		checkPlainValue(p.raw, "properties."+cutName(p.name), 2)
	}
	return nil
}

// cutName is a name, or an id, as errors, warnings and results have it.
func cutName(name string) string {
	if len(name) <= 1_000 {
		return name
	}
	return strings.ToValidUTF8(name[:1_000], "") + "…"
}

func checkPlainValue(raw json.RawMessage, path string, level int) {
	switch kindOf(raw) {
	case '"':
		if len(textOf(raw)) > 100_000 {
			fail(mapper.CodeStringTooLong, path)
		}
	case '{', '[':
		if level > 10 {
			fail(mapper.CodeTooDeep, path)
		}
	}
	switch kindOf(raw) {
	case '{':
		for _, p := range pairsOf(raw) {
			checkPlainValue(p.raw, path+"."+cutName(p.name), level+1)
		}
	case '[':
		list := listOf(raw)
		if len(list) > 4000 {
			fail(mapper.CodeListTooLong, path)
		}
		for i, v := range list {
			checkPlainValue(v, path+"["+strconv.Itoa(i)+"]", level+1)
		}
	}
}
