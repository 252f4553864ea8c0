package mapper_test

import (
	"encoding/json"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// This is the mapping once more, as docs/mapping.md says it and with no thought of
// speed: values are decoded when they are looked at, names are compared one by one.
// TestPlain and FuzzPlain hold the mapper against it.

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
	raw      []byte
	// skipped is set where the rules of identity or of groups say so.
	skipped mapper.SkipReason
	// notOwn are the properties that name the person or the time.
	notOwn []string
	// idTooLong says that the user id is, and is to be an error.
	idTooLong bool
	keepsID   bool
	// unusableFlag is the first unusable field of the flag read last, and isMoney tells of the
	// number.
	unusableFlag string
	isMoney      bool
	// consentField is the field that names the channels.
	consentField string
	// identity, set by identify
	email, phone, externalID string
	klaviyoID, anonymousID   string
	userID                   json.RawMessage
	externalIDPath           string
	patch                    plainPatch
	endedChannels            []string
	// ownPaths are the paths in the event of what has another name in the request.
	ownPaths map[string]string
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
	m := &plain{cfg: cfg, raw: event}
	defer func() {
		if result.warnings = m.warnings; len(m.warnings) > 100 {
			result.warnings = append(m.warnings[:100], goldenProblem{mapper.CodeMoreWarnings, ""})
		}
		if r := recover(); r != nil {
			e, ok := r.(plainError)
			if !ok {
				panic(r)
			}
			result.bodies = nil
			if result.skipped = m.skipped; result.skipped == "" {
				result.err = &e.goldenProblem
			}
		}
	}()
	if kindOf(event) != '{' {
		fail(mapper.CodeInvalidEvent, "")
	}
	m.event = pairsOf(event)
	if id, ok := m.event.get("messageId"); ok && strings.IndexByte(`"0tf`, kindOf(id)) >= 0 {
		result.messageID = cutName(plainTrim(textOf(id)))
	}
	kind := ""
	if v, _ := m.event.get("type"); kindOf(v) == '"' {
		kind = strings.ToLower(plainTrim(textOf(v)))
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
		result.bodies = m.eventBodies(kind, "event", "P.event", "P.name", "name")
	case "screen":
		result.bodies = m.eventBodies(kind, "name", "event", "P.name")
	case "group":
		result.bodies = []string{m.groupBody()}
	case "alias":
		into, from := m.merged()
		result.bodies = []string{mergeBody(into, from)}
	}
	return result
}
