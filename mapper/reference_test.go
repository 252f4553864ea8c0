package mapper

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var updateReference = flag.Bool("update-reference", false, "write the tables of docs/mapping.md anew")

const reference = "../docs/mapping.md"

// referenceTables are the rules as docs/mapping.md shows them, by the name in the
// comment that stands around each table there.
var referenceTables = map[string]func() string{
	"identity": func() string {
		t := newTable("Identifier", "First of")
		t.row("email", pathList(traitEmailRule)+", the external id if it is an email address, "+pathList(propertyEmailRule))
		t.row("phone number", pathList(phoneRule))
		t.row("country of the phone number", pathList(countryRule)+", config")
		t.row("external id", pathList(externalIDRule))
		return t.String()
	},
	"profile": func() string {
		t := newTable("Profile", "In an event", "First of")
		for _, f := range profileFields {
			t.row(code(f.name), code(flatName2023(f.name)), pathList(f.from))
		}
		for i, name := range []string{latitude, longitude} {
			var from []string
			for _, place := range coordinateRules {
				from = append(from, pathList(place[i]))
			}
			t.row(code(name), "", strings.Join(from, ", "))
		}
		return t.String()
	},
	"operations": func() string {
		t := newTable(append([]string{"Meaning"}, Revisions()...)...)
		row := func(meaning string, of func(*revision) Request) {
			cells := []string{meaning}
			for _, name := range Revisions() {
				operation := ""
				if request := of(revisions[name]); request != nil {
					operation = string(request.Operation().ID)
				}
				cells = append(cells, code(operation))
			}
			t.row(cells...)
		}
		row("a profile", func(r *revision) Request { return r.profile(&profile{}) })
		row("an event", func(r *revision) Request { return r.event(&event{}) })
		row("a subscription", func(r *revision) Request { return r.subscribe(&subscription{}) })
		row("an unsubscription", func(r *revision) Request { return r.unsubscribe(&subscription{}) })
		row("a merge of profiles", func(r *revision) Request {
			if !r.supports.merge {
				return nil
			}
			return r.merge(&merge{})
		})
		return t.String()
	},
	"places": func() string {
		t := newTable(append([]string{"Feature"}, Revisions()...)...)
		row := func(what string, has func(*revision) bool) {
			cells := []string{what}
			for _, name := range Revisions() {
				cells = append(cells, map[bool]string{false: "no", true: "yes"}[has(revisions[name])])
			}
			t.row(cells...)
		}
		row("Klaviyo profile ids (otherwise `no_place`)", func(r *revision) bool { return r.supports.klaviyoID })
		row("`fieldsToUnset`, `fieldsToAppend`, `fieldsToUnappend` (otherwise `no_place`)", func(r *revision) bool { return r.supports.patch })
		row("anonymous id in an event's profile", func(r *revision) bool { return r.supports.anonymousID })
		row("`location.ip`", func(r *revision) bool { return r.supports.ip })
		row("`value_currency`", func(r *revision) bool { return r.supports.currency })
		row("unsubscribing from chosen channels", func(r *revision) bool { return r.supports.unsubscribeChannels })
		row("`historicalImport`", func(r *revision) bool { return r.supports.backfill })
		row("`mergeOnAlias`", func(r *revision) bool { return r.supports.merge })
		row("`unsubscribe: true` by default", func(r *revision) bool { return r.unsubscribeDefault })
		return t.String()
	},
	"later fields": func() string {
		t := newTable("Field", "First of")
		t.row(klaviyoIDRule.name, pathList(klaviyoIDRule)+", with the type "+code(klaviyoIDType))
		t.row(code("anonymous_id"), pathList(anonymousIDRule))
		t.row(code("location.ip"), pathList(ipRule))
		t.row(code("value_currency"), pathList(currencyRule))
		t.row(code("unset"), pathList(unsetRule))
		t.row(code("append"), pathList(appendRule))
		t.row(code("unappend"), pathList(unappendRule))
		return t.String()
	},
	"left out": func() string {
		var names []string
		for w, ok := range mappedTraits {
			if ok {
				names = append(names, code(knownNames.names[w]))
			}
		}
		slices.Sort(names)
		return strings.Join(names, ", ") + "\n"
	},
	"subscription": func() string {
		t := newTable("Option", "identify", "group")
		t.row(code("subscribe"), pathList(identifySubscription.subscribe), pathList(groupSubscription.subscribe))
		t.row("list id", pathList(identifySubscription.listID)+", config", pathList(groupSubscription.listID))
		t.row(code("consent"), pathList(identifySubscription.consent)+", config", pathList(groupSubscription.consent)+", config")
		t.row(code("smsConsent"), pathList(identifySubscription.smsConsent)+", config", pathList(groupSubscription.smsConsent)+", config")
		return t.String()
	},
	"event": func() string {
		t := newTable("Attribute", "First of")
		t.row("`metric.name` of a track", pathList(trackName))
		t.row("`metric.name` of a screen", pathList(screenName))
		t.row(code("value"), pathList(valueRule))
		t.row("`value` of an e-commerce event", pathList(ecommerceValue))
		t.row(code("time"), pathList(timeRule))
		t.row(code("time")+" of a track from a warehouse", pathList(warehouseTrackTime))
		t.row(code("time")+" of an identify from a warehouse", pathList(warehouseIdentifyTime))
		t.row(code("unique_id"), pathList(messageIDRule)+", a UUID derived from the event")
		t.row("`$consent` of the profile", pathList(subscriptionConsent))
		return t.String()
	},
	"e-commerce events": func() string {
		t := newTable("Event", "Metric")
		for _, e := range ecommerceEvents {
			t.row(e.event, ecommerceMetricNames[e.metric])
		}
		return t.String()
	},
	"e-commerce properties": func() string {
		t := newTable(append([]string{"Property"}, ecommerceMetricNames[:]...)...)
		for _, r := range ecommerceRows {
			cells := []string{code(r.property)}
			for _, name := range r.names {
				cells = append(cells, code(name))
			}
			t.row(cells...)
		}
		return t.String()
	},
	"items": func() string {
		t := newTable("Field", "`guide`, the default", "`klaviyo`", "`transformer`")
		for _, r := range itemRows {
			t.row(code(r.field), code(r.guide), code(r.klaviyo), code(r.transformer))
		}
		return t.String()
	},
	"money": func() string {
		t := newTable("Text", "Number")
		for _, text := range []string{"12.50 EUR", "US$12.50", "R$ 12,50", "12,5", "1,299.00", "1.299,00 €", "1 299,50", "1'299.00", "1,299,000", "1,299", "1.299.000", "12 dollars"} {
			number, ok := value(strconv.Quote(text)).money()
			t.row(code(text), orElse(string(number), ok, CodeNotNumeric))
		}
		return t.String()
	},
	"phones": func() string {
		t := newTable("Text", "Country", "Phone number")
		for _, phone := range []struct{ text, country string }{
			{"+49 30 901820", ""}, {"tel:+49-30-901820", ""}, {"(+49) 30 901820", ""},
			{"030 901820", "DE"}, {"030 901820", "DEU"}, {"030 901820", "Deutschland"}, {"0049 30 901820", "US"}, {"030 901820", "US"}, {"030 901820", ""},
		} {
			e164 := mapped(map[string]string{"email": "ana@example.com", "phone": phone.text, "country": phone.country}).PhoneNumber
			t.row(code(phone.text), phone.country, orElse(e164, e164 != "", CodeInvalidPhone))
		}
		return t.String()
	},
	"emails": func() string {
		t := newTable("Text", "Email")
		for _, text := range []string{"Ana@Example.com", "mailto:ana@example.com", "<ana@example.com>", "ana@example.com;", "ana@example", "ana smith@example.com", "Ana <ana@example.com>"} {
			email := mapped(map[string]string{"email": text, "phone": "+4930901820"}).Email
			t.row(code(text), orElse(email, email != "", CodeInvalidEmail))
		}
		return t.String()
	},
	"times": func() string {
		t := newTable("Format", "Example", "Sent as")
		for _, example := range []struct{ format, json string }{
			{"a space in place of `T`, and before the offset", `"2026-03-01 09:30:00 +01:00"`},
			{"an offset without its colon", `"2026-03-01T09:30:00+0100"`},
			{"an offset without its minutes", `"2026-03-01T09:30:00+01"`},
			{"`UTC` or `GMT` as the offset", `"2026-03-01 09:30:00 UTC"`},
			{"no offset: UTC, with the warning `assumed_utc`", `"2026-03-01T09:30:00"`},
			{"no seconds", `"2026-03-01T09:30Z"`},
			{"only a date: midnight", `"2026-03-01"`},
			{"seconds since 1970, as a number or as text of 10 digits", `1772357400`},
			{"milliseconds, as a number or as text of 13 digits", `1772357400000`},
			{"microseconds, as a number or as text of 16 digits", `1772357400000000`},
			{"nanoseconds, as a number or as text of 19 digits", `1772357400000000000`},
			{"a number with an exponent", `1.7723574E9`},
			{"digits of other scripts", `"٢٠٢٦-٠٣-٠١"`},
			{"any other format", `"03/01/2026"`},
		} {
			at, ok := ParseTime([]byte(example.json))
			t.row(example.format, code(example.json), orElse(at.Format(time.RFC3339), ok, CodeInvalidTime))
		}
		return t.String()
	},
	"limits": func() string {
		t := newTable(append([]string{"Code", "Limit"}, Revisions()...)...)
		row := func(code, what string, limit func(limits) int) {
			cells := []string{code, what}
			for _, name := range Revisions() {
				figure := strconv.Itoa(limit(revisions[name].limits))
				if figure == "0" {
					figure = "none"
				}
				cells = append(cells, figure)
			}
			t.row(cells...)
		}
		row(code(string(CodeMetricNameTooLong)), "characters in a metric's name", func(l limits) int { return l.metricName })
		row(code(string(CodeTooManyProperties)), "properties of an event", func(l limits) int { return l.properties })
		row(code(string(CodeStringTooLong)), "bytes in a string property", func(l limits) int { return l.text })
		row(code(string(CodeListTooLong)), "elements in a list property", func(l limits) int { return l.elements })
		row(code(string(CodeTooDeep)), "levels of nesting, counting the properties as the first", func(l limits) int { return l.depth })
		row(code(string(CodeTooLarge)), "bytes in an event's body", func(l limits) int { return l.event })
		row(code(string(CodeTooLarge)), "bytes in the profile inside an event", func(l limits) int { return l.eventProfile })
		row(code(string(CodeTooLarge)), "bytes in a profile's body", func(l limits) int { return l.profile })
		row(code(string(CodeExternalIDTooLong)), "characters in an external id", func(l limits) int { return l.externalID })
		row(code(string(CodeInvalidTime)), "last year, in UTC, that is too early for an event", func(l limits) int { return l.afterYear })
		row("", "characters in a `unique_id`; a longer one is replaced by a UUID", func(l limits) int { return l.uniqueID })
		return t.String()
	},
	"bounds": func() string {
		t := newTable("Limit", "If exceeded")
		t.row(fmt.Sprintf("%d traits in each of T and C, and custom properties of a profile", maxTraits), code(string(CodeTooLarge)))
		t.row(fmt.Sprintf("%d bytes in all trait names together", maxTraitNames), code(string(CodeTooLarge)))
		t.row(fmt.Sprintf("%d bytes of text in typed fields, escaped as sent, also of a group event", revisions[Revisions()[0]].limits.event), code(string(CodeTooLarge)))
		t.row(fmt.Sprintf("%d properties of an event before flattening", maxUnflattened), code(string(CodeTooManyProperties)))
		t.row(fmt.Sprintf("%d bytes of names that flattening generates and that collide with others", maxCollidingKeys), code(string(CodeTooLarge)))
		t.row(fmt.Sprintf("%d fields in an item of an e-commerce event", maxItemFields), code(string(CodeTooManyProperties)))
		t.row(fmt.Sprintf("%d channels in `$consent`", maxChannels), code(string(CodeListTooLong)))
		t.row(fmt.Sprintf("%d characters in a number, a time or an `identifierType`", maxScalar), "the value is invalid")
		t.row(fmt.Sprintf("%d warnings", maxWarnings), fmt.Sprintf("%s, which says how many aren't listed", code(string(CodeMoreWarnings))))
		t.row(fmt.Sprintf("%d bytes of a name in an error or a warning, and of a message id in the output of `map`", maxTruncated), "truncated, ending in …")
		return t.String()
	},
	"codes": func() string {
		t := newTable("Code", "Kind", "Meaning", "What to do")
		for _, c := range documentedCodes() {
			t.row(code(c.code), c.kind, c.means, c.remedy)
		}
		return t.String()
	},
}

// mapped is the identity of an identify event with these traits.
func mapped(traits map[string]string) Identity {
	event, err := json.Marshal(map[string]any{"type": "identify", "traits": traits})
	if err != nil {
		panic(err)
	}
	m, err := New(Config{})
	if err != nil {
		panic(err)
	}
	result, mapErr := m.Map(event)
	if mapErr != nil {
		panic(mapErr)
	}
	return result.Identity
}

// orElse is a cell with what a text was read as, or with the code of an invalid one.
func orElse(text string, ok bool, invalid Code) string {
	if !ok {
		text = string(invalid)
	}
	return code(text)
}

// TestReference checks the tables of docs/mapping.md against the rules.
func TestReference(t *testing.T) {
	data, err := os.ReadFile(reference)
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	blocks := regexp.MustCompile(`(?s)<!-- table: ([a-z -]+?) -->\n(.*?)<!-- end -->`)
	found := make(map[string]bool)
	updated := blocks.ReplaceAllStringFunc(page, func(block string) string {
		parts := blocks.FindStringSubmatch(block)
		name, got := parts[1], strings.TrimSpace(parts[2])
		render, ok := referenceTables[name]
		if !ok {
			t.Errorf("%s has a table %q that is no rule's", reference, name)
			return block
		}
		found[name] = true
		want := strings.TrimSpace(render())
		if got != want && !*updateReference {
			t.Errorf("%s: table %q is not the rules'; run go test ./mapper -run Reference -update-reference\ngot:\n%s\nwant:\n%s", reference, name, got, want)
		}
		return fmt.Sprintf("<!-- table: %s -->\n\n%s\n\n<!-- end -->", name, want)
	})
	for name := range referenceTables {
		if !found[name] {
			t.Errorf("%s lacks the table %q", reference, name)
		}
	}
	if *updateReference && !t.Failed() {
		if err := os.WriteFile(reference, []byte(updated), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// codeKinds are what the groups of codes.go hold, by their comments.
var codeKinds = map[string]string{
	"Error codes.":                       "error",
	"Codes of both errors and warnings.": "error or warning",
	"Warning codes.":                     "warning",
	"Reasons to skip an event.":          "skip",
}

type documentedCode struct{ code, kind, means, remedy string }

// documentedCodes are the codes with their comments: what one stands for is the first
// sentence, what to do are the others. A code without either panics, as one of no kind does.
func documentedCodes() (codes []documentedCode) {
	file, err := parser.ParseFile(token.NewFileSet(), "codes.go", nil, parser.ParseComments)
	if err != nil {
		panic(err)
	}
	for _, d := range file.Decls {
		group := d.(*ast.GenDecl)
		if group.Tok != token.CONST {
			continue
		}
		kind, ok := codeKinds[strings.TrimSpace(group.Doc.Text())]
		if !ok {
			panic("no kind: " + group.Doc.Text())
		}
		for _, s := range group.Specs {
			spec := s.(*ast.ValueSpec)
			text := strings.Join(strings.Fields(spec.Doc.Text()), " ")
			_, text, _ = strings.Cut(text, " is ") // past the name
			means, remedy, ok := strings.Cut(text, ". ")
			if !ok {
				panic(spec.Names[0].Name + ": the comment doesn't say what to do")
			}
			quoted := spec.Values[0].(*ast.BasicLit).Value
			codes = append(codes, documentedCode{strings.Trim(quoted, `"`), kind, means, remedy})
		}
	}
	return codes
}

type markdownTable struct{ strings.Builder }

func newTable(head ...string) *markdownTable {
	t := new(markdownTable)
	t.row(head...)
	t.row(slices.Repeat([]string{"---"}, len(head))...)
	return t
}

func (t *markdownTable) row(cells ...string) {
	fmt.Fprintf(t, "| %s |\n", strings.Join(cells, " | "))
}

func pathList(r rule) string {
	var texts []string
	for _, p := range r.from {
		texts = append(texts, p.short())
	}
	return strings.Join(texts, ", ")
}

// short writes a path with the abbreviations of the page.
func (p path) short() string {
	for _, name := range []string{"TP", "CP", "T", "C", "P"} {
		if rest, ok := strings.CutPrefix(p.text, roots[name].path+"."); ok {
			return name + "." + rest
		}
	}
	return p.text
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
