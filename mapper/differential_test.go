package mapper_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestPlain checks the mapper against its plain twin on random events and configs.
func TestPlain(t *testing.T) {
	t.Parallel()
	n := 4_000
	if testing.Short() {
		n = 1_000
	}
	for i := range n {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		event, settings := randomEvent(r), uint16(r.Uint32())
		if problem := compareWithPlain(event, plainConfig(settings)); problem != "" {
			t.Fatalf("%d: with settings %#x\n%s\n%s", i, settings, event, problem)
		}
	}
}

// FuzzPlain does the same for the inputs that fuzzing finds.
func FuzzPlain(f *testing.F) {
	for i, event := range goldenEvents(f) {
		f.Add(event, uint16(i))
	}
	for i := range 200 {
		r := rand.New(rand.NewPCG(uint64(i), 8))
		f.Add(randomEvent(r), uint16(r.Uint32()))
	}
	f.Fuzz(func(t *testing.T, event []byte, settings uint16) {
		if problem := compareWithPlain(event, plainConfig(settings)); problem != "" {
			t.Fatal(problem)
		}
	})
}

// escapeSeparators escapes the line separators of Unicode, as encoding/json does in raw
// values from Go 1.27 on, and not before.
func escapeSeparators(body []byte) []byte {
	body = bytes.ReplaceAll(body, []byte("\u2028"), []byte(`\u2028`))
	return bytes.ReplaceAll(body, []byte("\u2029"), []byte(`\u2029`))
}

// plainConfig is fuzzConfig with a filter of events.
func plainConfig(settings uint16) mapper.Config {
	cfg := fuzzConfig(settings)
	switch settings >> 10 & 7 {
	case 1:
		cfg.EventFilteringOption, cfg.WhitelistedEvents = mapper.EventFilteringWhitelist, mapper.EventNames{" Product Added", "Song Played"}
	case 2:
		cfg.EventFilteringOption, cfg.BlacklistedEvents = mapper.EventFilteringBlacklist, mapper.EventNames{"Song Played", ""}
	case 3:
		cfg.Consent = []mapper.Channel{}
	case 4:
		cfg.EcommerceEvents = new(false)
	case 5, 6:
		cfg.OrderedProducts = true
		cfg.MetricNames = []mapper.MetricName{{EventName: " order completed ", MetricName: "Placed Order "}, {EventName: "PRODUCT ADDED", MetricName: "Added"}}
	}
	return cfg
}

// compareWithPlain says in what the mapper and its twin differ.
func compareWithPlain(event []byte, cfg mapper.Config) string {
	m, err := mapper.New(cfg)
	if err != nil {
		return err.Error()
	}
	result, err := m.Map(event)
	var failed *mapper.Error
	errors.As(err, &failed)
	if !utf8.Valid(event) || !jsontext.Value(event).IsValid(jsontext.AllowInvalidUTF8(true)) {
		if failed == nil || failed.Code != mapper.CodeInvalidJSON {
			return fmt.Sprintf("not JSON, but: %v", err)
		}
		return ""
	}
	want := mapPlain(event, cfg)
	switch {
	case failed != nil && want.err == nil, failed == nil && want.err != nil,
		failed != nil && (goldenProblem{failed.Code, failed.Field}) != *want.err:
		return fmt.Sprintf("error %v, want %v", err, want.err)
	case result.MessageID != want.messageID, result.Skipped != want.skipped:
		return fmt.Sprintf("message id %q, skipped %q, want %q, %q", result.MessageID, result.Skipped, want.messageID, want.skipped)
	case len(result.Requests) != len(want.bodies):
		return fmt.Sprintf("%d requests, want %d", len(result.Requests), len(want.bodies))
	}
	for i, r := range result.Requests {
		body := r.AppendBody([]byte("x"))[1:]
		var encoded bytes.Buffer
		e := json.NewEncoder(&encoded)
		e.SetEscapeHTML(false)
		if err := e.Encode(r.Body()); err != nil {
			return fmt.Sprintf("a body that can't be encoded: %v", err)
		}
		if got := bytes.TrimSuffix(encoded.Bytes(), []byte("\n")); !bytes.Equal(escapeSeparators(got), escapeSeparators(body)) {
			return fmt.Sprintf("AppendBody gives\n%s\nencoding/json\n%s", body, got)
		}
		if got, want := normal(escapeSeparators(body)), normal(escapeSeparators([]byte(want.bodies[i]))); got != want {
			return fmt.Sprintf("body %d:\n%s\nwant\n%s", i, got, want)
		}
	}
	if failed != nil {
		return "" // the warnings before an error aren't specified
	}
	var warnings []goldenProblem
	for _, w := range result.Warnings {
		warnings = append(warnings, goldenProblem{w.Code, w.Field})
	}
	sortProblems(warnings)
	sortProblems(want.warnings)
	if !slices.Equal(warnings, want.warnings) {
		return fmt.Sprintf("warnings %v, want %v", warnings, want.warnings)
	}
	return ""
}

// normal writes JSON without white space and the names in it all with the same escapes;
// values keep theirs.
func normal(raw json.RawMessage) string {
	var b strings.Builder
	switch kindOf(raw) {
	case '{':
		for i, p := range pairsOf(raw) {
			b.WriteString([]string{"{", ","}[min(i, 1)] + encodeValue(p.name) + ":" + normal(p.raw))
		}
		if b.Len() == 0 {
			b.WriteString("{")
		}
		b.WriteString("}")
	case '[':
		for i, v := range listOf(raw) {
			b.WriteString([]string{"[", ","}[min(i, 1)] + normal(v))
		}
		if b.Len() == 0 {
			b.WriteString("[")
		}
		b.WriteString("]")
	default:
		return compactPlain(raw)
	}
	return b.String()
}

// randomEvent makes up an event that has something for every rule.
func randomEvent(r *rand.Rand) []byte {
	e := &eventMaker{Rand: r, spaced: r.IntN(4) == 0}
	event := e.object(0.9,
		"type", e.pick(`"identify"`, `"track"`, `"track"`, `"track"`, `"screen"`, `"group"`, `" Track "`, `"IDENTIFY"`, `"page"`, `"alias"`, `7`, `null`),
		"messageId", e.rare(e.pick(`"m-1"`, `" m-2 "`, `12`, `""`, `"`+strings.Repeat("é", 255)+`"`, `"`+strings.Repeat("é", 256)+`"`)),
		"anonymousId", e.rare(e.pick(`"a-1"`, `" a-2 "`, `7`)),
		"previousId", e.pick(`"K1"`, `"K2"`, `" K2 "`, `7`),
		"request_ip", e.rare(e.pick(`"203.0.113.7"`, `" 2001:db8::1 "`, `"[ip]"`, `""`)),
		"event", e.rare(e.pick(`"Song Played"`, `"Product Added"`, `" product added "`, `"Order Completed"`, `"order completed\u200b"`, `"Checkout Started"`, `"Product Viewed"`, `"Product Clicked"`, `""`, `"Größe"`)),
		"name", e.rare(`"Home"`),
		"userId", e.rare(e.pick(`"u-1"`, `"bo@example.com"`, `"`+strings.Repeat("u", 256)+`"`, `42`, `" u-2 "`, `"K1"`)),
		"groupId", e.rare(e.pick(`"XyZ123"`, `" AbC "`, `9`)),
		"timestamp", e.rare(e.pick(`"2026-03-01T09:30:00Z"`, `" 2026-03-01t09:30:00.5+02:00 "`, `"1999-01-01T00:00:00Z"`, `"1990-12-31T23:59:59Z"`, `"2026-02-30T00:00:00Z"`, `"2028-01-01T00:00:00Z"`, `"yesterday"`, `null`, `""`, `"2026-03-01"`, `"2026-03-01 09:30"`, `"2026-03-01 09:30:00+02"`, `"2026-03-01 09:30:00 utc"`, `"2026-03-01T09:30 GMT"`, `"2026-03-01 09:30:00 -0330"`, `"2026-03-01T09:30:00.25-0330"`, `1772357400`, `1772357400123`, `1.7723574E9`, `1.772357400123e12`, `1e400`, `"1772357400123456789"`, `"17723574"`, `"٢٠٢٦-٠٣-٠١T٠٩:٣٠:٠٠Z"`)),
		"receivedAt", e.rare(e.pick(`"2026-03-02T00:00:00Z"`, `"2026-03-02"`)),
		"channel", e.pick(`"web"`, `"sources"`, `"sources"`),
		"originalTimestamp", e.rare(`"2026-03-01T09:30:00.123Z"`),
		"traits", e.rare(e.traits()),
		"properties", e.rare(e.properties()),
		"integrations", e.pick(`{"All":true}`, `{"All":true}`, `{"All":false,"Klaviyo":true}`, `{"All":false}`, `{"All":false,"Klaviyo":{"a":1}}`, `{"Klaviyo":false}`, `{"KLAVIYO":true,"klaviyo":false}`, `{"All":false,"klaviyo":true}`, `[]`, `{}`,
			`{"Klaviyo":`+e.klaviyoOptions()+`}`, `{"KLAVIYO":`+e.pick("true", e.klaviyoOptions())+`,"klaviyo":`+e.klaviyoOptions()+`}`),
		"context", e.rare(e.object(0.8,
			"traits", e.rare(e.traits()),
			"timezone", e.rare(e.pick(`"Europe/Berlin"`, `"GMT+0100"`)),
			"timestamp", e.rare(`"2026-02-01T00:00:00Z"`),
			"location", e.rare(e.some(2, []string{"latitude", "longitude"})),
			"ip", e.rare(e.pick(`"192.0.2.1"`, `"x"`)),
			"mappedToDestination", e.pick(`false`, `false`, `null`, `true`, `"x"`, `0.0e1`, `0`),
			"externalId", e.rare(e.pick(`[{"id":"r-1","identifierType":"email"}]`, `[{"id":"r@example.com","identifierType":"email"}]`, `[{"id":7,"identifierType":" userId "}]`,
				`[{"id":"r-3","identifierType":"external_id"}]`, `[{"id":"r-3","identifierType":"id","type":"KLAVIYO_BULK_UPLOAD-x"}]`, `[{"id":"r@example.com","identifierType":"userId"}]`, `[{"id":"r-4","identifierType":"properties"}]`, `[{"id":"","identifierType":"id"}]`, `[]`, `{}`,
				`[{"id":"K1","type":"klaviyo-profileId"},{"id":" K2 ","type":"klaviyo-profileId"}]`, `["x",{"id":[],"type":"klaviyo-profileId"},{"id":"K1","type":"klaviyo-profileId","identifierType":"email"}]`,
				`[{"id":"K1","type":"other"},{"id":7,"type":"klaviyo-profileId"}]`)),
			"library", `{"name":"x","nested":[{"a":[1,2,{}]}]}`)),
		"sentAt", `"2026-03-01T09:30:01Z"`)
	return []byte(event)
}

type eventMaker struct {
	*rand.Rand
	spaced bool
}

func (e *eventMaker) pick(values ...string) string { return values[e.IntN(len(values))] }

// rare is the value, or seldom one of any type.
func (e *eventMaker) rare(value string) string {
	if e.IntN(12) == 0 {
		return e.any(2)
	}
	return value
}

func (e *eventMaker) space() string {
	if e.spaced && e.IntN(3) == 0 {
		return e.pick(" ", "\n", "\t", " \r\n ")
	}
	return ""
}

// object has each of the members with the probability, in any order.
func (e *eventMaker) object(probability float64, members ...string) string {
	var texts []string
	for i := 0; i < len(members); i += 2 {
		if e.Float64() < probability {
			texts = append(texts, e.space()+e.name(members[i])+e.space()+":"+e.space()+members[i+1]+e.space())
		}
	}
	e.Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return "{" + strings.Join(texts, ",") + e.space() + "}"
}

// name writes a name, seldom with an escape where none is needed.
func (e *eventMaker) name(s string) string {
	if e.IntN(40) == 0 && s != "" && s[0] < utf8.RuneSelf {
		return fmt.Sprintf(`"\u%04x%s"`, s[0], s[1:])
	}
	return `"` + s + `"`
}

var (
	traitNames = strings.Fields("email phone userId id anonymousId firstName firstname first_name lastName lastname last_name title organization image avatar " +
		"timezone city country region state zip postalcode postalCode street subscribe consent smsConsent plan age a.b $email $city $id $consent _id größe external_id phone_number province postal_code address1 address2 company latitude longitude timestamp")
	propertyNames = strings.Fields("email phone revenue total value order_id name event product_id sku image_url url brand price compare_at_price quantity categories " +
		"item_names checkout_url Items ProductName AddedItemPrice $value $event_id title city state zip subscribe consent listId smsConsent a.b deep currency timestamp province state phone_number Categories.a URL.a")
	itemNames = strings.Fields("product_id sku name quantity price total row_total url image_url categories brand ProductID RowTotal ItemPrice URL items value URL.a ProductURL.a ProductCategories.a")
)

// some returns an object of some of the names, with values that suit them.
func (e *eventMaker) some(n int, names []string, more ...string) string {
	chosen := slices.Clone(names)
	e.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	members := more
	for _, name := range chosen[:e.IntN(min(n, len(chosen))+1)] {
		members = append(members, name, e.suiting(name))
	}
	return e.object(0.95, members...)
}

func (e *eventMaker) suiting(name string) string {
	if e.IntN(6) == 0 {
		return e.any(3)
	}
	switch name {
	case "email":
		return e.pick(`"ana@example.com"`, `" ana@example.com "`, `"ana"`, `"a@b@c"`, `"a b@c"`, `""`, `"@x"`, `"ana@example"`, `"<ana@example.com>, "`, `"\u200bana@example.com."`, `"ana\ufeff@example.com"`, `"ana@exam\u00adple.com"`, `null`)
	case "country", "country_code", "countryCode":
		return e.pick(`"DE"`, `"us"`, `"DEU"`, `" Germany "`, `"United States"`, `"Atlantis"`, `""`)
	case "state":
		return e.pick(`"Bavaria"`, `" Enabled"`, `"disabled"`)
	case "latitude", "longitude":
		return e.pick(`52.5`, `"13.40"`, `-91`, `181`, `null`)
	case "company":
		return e.pick(`"Hazel"`, `{"name":"Hazel"}`, `{"name":""}`)
	case "timestamp":
		return e.pick(`"2026-01-01T00:00:00Z"`, `"2026-01-01 00:00"`, `"never"`)
	case "phone", "phone_number":
		return e.pick(`"tel:+12025550147"`, `"＋12025550147"`, `"(+49) 171 1234567"`, `"+12025550147;"`, `"'+49 171 1234567 "`, `"tel: 0171 1234567"`, `"0049 171 1234567"`, `"(415) 555-0132"`, `"+12025550147"`, `"+1 (202) 555-0147"`, `"+49 171 1234567"`, `"0171 1234567"`, `"12"`, `"+999"`, `4915112345678`, `"+12025550147;ext=5"`)
	case "fieldsToUnset", "fieldsToAppend", "fieldsToUnappend":
		return e.pick(`["plan"]`, `["plan","age","a.b","plan"]`, `["größe","none",1," "]`, `[]`, `"plan"`, `["title","$consent","_id"]`, `["plan.a","age.b"]`, `["organization.größe"]`)
	case "currency":
		return e.pick(`"EUR"`, `" usd "`, `"dem"`, `"XXY"`, `"euro"`, `7`)
	case "subscribe", "smsConsent":
		return e.pick(`true`, `true`, `false`, `"TRUE"`, `"false"`, `" true"`, `1`)
	case "consent":
		return e.pick(`["email"]`, `["email","sms"]`, `"sms"`, `[]`, `["fax",1,null]`, `" email"`, `{}`, `"Email, SMS"`, `["SMS","\u200be-mail"]`, `"[\"email\",\"sms\"]"`, `"sms,,fax"`)
	case "url", "categories":
		return e.pick(`"text"`, `{"a":1}`, `{"a":{"b":2}}`, `[{"a":1}]`)
	case "listId":
		return e.pick(`"L1"`, `" L2 "`, `3`, `""`)
	case "value", "revenue", "total", "price", "row_total", "quantity":
		return e.pick(`12.50`, `"12.50"`, `0`, `1e400`, `" 7 "`, `"12 EUR"`, `"12,50"`, `"-$1,299.00"`, `"1.299,5 €"`, `"R$ 12,50"`, `"12.50 US$"`, `"EURO$5"`, `"1,299"`, `"1\u00a0299"`, `"1,299,000"`, `"1,2,3"`, `-0.0`, `12345678901234567890`, `""`)
	}
	return e.any(2)
}

func (e *eventMaker) klaviyoOptions() string {
	return e.rare(e.some(3, []string{"fieldsToUnset", "fieldsToAppend", "fieldsToUnappend", "other"}))
}

func (e *eventMaker) traits() string {
	var more []string
	if e.IntN(2) == 0 {
		more = append(more, "email", `"ana@example.com"`)
	}
	if e.IntN(2) == 0 {
		more = append(more, "address", e.rare(e.some(5, []string{"city", "country", "region", "state", "zip", "postalcode", "postalCode", "street", "province", "postal_code", "address1", "address2", "country_code", "countryCode", "latitude", "longitude"})))
	}
	if e.IntN(2) == 0 {
		more = append(more, "properties", e.rare(e.some(4, []string{"subscribe", "listId", "consent", "smsConsent"})))
	}
	names := traitNames
	if len(more) > 0 && more[0] == "email" {
		names = traitNames[1:]
	}
	return e.some(12, names, more...)
}

func (e *eventMaker) properties() string {
	var more []string
	for _, name := range []string{"items", "products"} {
		if e.IntN(3) == 0 {
			var list []string
			for range e.IntN(4) {
				list = append(list, e.space()+e.rare(e.some(6, itemNames)))
			}
			value := "[" + strings.Join(list, e.space()+",") + "]"
			if e.IntN(5) == 0 {
				value = encodeValue(" " + value)
			}
			more = append(more, name, e.rare(value))
		}
	}
	return e.some(14, propertyNames, more...)
}

// any is a value of any type.
func (e *eventMaker) any(depth int) string {
	n := 10
	if depth > 0 {
		n = 14
	}
	switch e.IntN(n) {
	case 0:
		return `null`
	case 1:
		return e.pick(`true`, `false`)
	case 2:
		return e.pick(`0`, `1`, `-1.5E+3`, `12345678901234567890`, `1.10`)
	case 3:
		return e.pick(`""`, `"  "`, `"\u00a0"`)
	case 4:
		return e.pick(`"<b>&"`, `"\ud83d"`, `"\u2028 "`, `"a\/b\n\"\\"`, "\"\u2029\"", `"日本"`)
	case 10, 11:
		return e.some(3, []string{"a", "b", "c.d", "e[0]", "größe"})
	case 12, 13:
		var list []string
		for range e.IntN(4) {
			list = append(list, e.space()+e.any(depth-1))
		}
		return "[" + strings.Join(list, ",") + e.space() + "]"
	}
	return e.pick(`"text"`, `" text "`, `"12"`, `"true"`)
}
