package mapper_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 1 of the mapping: values.

func isBlankText(raw json.RawMessage) bool {
	return kindOf(raw) == '"' && plainTrim(textOf(raw)) == ""
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
	m.unusableFlag = ""
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
			if m.unusableFlag == "" {
				m.unusableFlag = fieldOf(path)
			}
		}
	}
	return false, "", there
}

func (m *plain) firstNumber(paths ...string) (number, path string) {
	m.isMoney = false
	for _, path := range paths {
		v, ok := m.get(path)
		if !ok || kindOf(v) == 'n' || isBlankText(v) {
			continue
		}
		text := plainTrim(textOf(v))
		var f float64
		k := kindOf(v)
		if (k == '0' || k == '"') && len(text) <= 1_000 && text != "null" && json.Unmarshal([]byte(text), &f) == nil {
			return text, path
		}
		if k == '"' {
			if number := plainMoney(textOf(v)); number != "" {
				m.warn(mapper.CodeMoneyAsText, fieldOf(path))
				m.isMoney = true
				return number, path
			}
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
			if list := listInText(textOf(v)); list != nil {
				return list, path
			}
			for _, part := range strings.Split(textOf(v), ",") {
				if part = plainTrim(part); part != "" {
					list = append(list, json.RawMessage(encodeValue(part)))
				}
			}
			return list, path
		default:
			m.warn(mapper.CodeWrongType, fieldOf(path))
		}
	}
	return nil, ""
}

// keptValue is one that could not be used where it belongs.
type keptValue struct {
	place string // event, T, C or P
	name  string
	raw   json.RawMessage
}

// plainTrim takes off white space and what shows nothing.
func plainTrim(s string) string {
	return strings.TrimFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || slices.ContainsFunc([][2]rune{{0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}},
			func(span [2]rune) bool { return span[0] <= r && r <= span[1] })
	})
}

// listInText is the list that a text wholly is as JSON, or nil.
func listInText(text string) []json.RawMessage {
	if kindOf(json.RawMessage(text)) != '[' || !jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true)) || !utf8.ValidString(text) {
		return nil
	}
	if list := listOf(json.RawMessage(text)); list != nil {
		return list
	}
	return []json.RawMessage{}
}

// The notations of money: with a point before the decimals, with a comma, and with commas
// between thousands. Digits may be grouped by a space or an apostrophe in each.
var (
	plainPoint     = regexp.MustCompile(`^\d+(\.\d+)?$`)
	plainComma     = regexp.MustCompile(`^\d+,\d{1,2}$`)
	plainThousands = regexp.MustCompile(`^\d{1,3}(,\d{3}){2,}$`)
	plainUS        = regexp.MustCompile(`^\d+(,\d+)*\.\d+$`)
	plainEU        = regexp.MustCompile(`^\d+(\.\d+)*,\d+$`)
	plainGroups    = regexp.MustCompile(`(\d)[ \x{a0}\x{202f}'’](\d)`)
	plainCode      = regexp.MustCompile(`^([A-Za-z]{0,3}\p{Sc}|(?i:eur|usd|jpy|chf))?(.*?)([A-Za-z]{0,3}\p{Sc}|(?i:eur|usd|jpy|chf))?$`) // of those in events here
)

func plainMoney(text string) string {
	if text = plainTrim(text); len(text) > 1_000 {
		return ""
	}
	minus := ""
	cutMinus := func() {
		if rest, ok := strings.CutPrefix(text, "-"); ok && minus == "" {
			minus, text = "-", plainTrim(rest)
		}
	}
	cutMinus()
	if parts := plainCode.FindStringSubmatch(text); parts != nil {
		text = plainTrim(parts[2])
	}
	cutMinus()
	for plainGroups.MatchString(text) {
		text = plainGroups.ReplaceAllString(text, "$1$2")
	}
	switch {
	case plainPoint.MatchString(text):
	case plainComma.MatchString(text):
		text = strings.Replace(text, ",", ".", 1)
	case plainThousands.MatchString(text), strings.Contains(text, ",") && plainUS.MatchString(text):
		text = strings.ReplaceAll(text, ",", "")
	case strings.Contains(text, ".") && plainEU.MatchString(text):
		text = strings.Replace(strings.ReplaceAll(text, ".", ""), ",", ".", 1)
	default:
		return ""
	}
	var f float64
	if json.Unmarshal([]byte(minus+text), &f) != nil {
		return ""
	}
	return minus + text
}
