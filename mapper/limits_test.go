package mapper_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func newMapper(t *testing.T, cfg mapper.Config) *mapper.Mapper {
	t.Helper()
	cfg.Now = func() time.Time { return now }
	m, err := mapper.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func trackWith(properties string) string {
	return `{"type":"track","event":"Song Played","traits":{"email":"ana@example.com"},"properties":` + properties + `}`
}

func identifyWith(traits string) string {
	return `{"type":"identify","traits":{"email":"ana@example.com",` + traits + `}}`
}

func nested(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}

func manyProperties(n int) string {
	var members []string
	for i := range n {
		members = append(members, fmt.Sprintf(`"p%d":%d`, i, i))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func manyTraits(n int) string { return strings.Trim(manyProperties(n), "{}") }

func trackWithTraits(traits string) string {
	return strings.Replace(trackWith("{}"), `"traits":{`, `"traits":{`+traits+",", 1)
}

func checkoutOf(items ...string) string {
	return strings.Replace(trackWith(`{"items":[`+strings.Join(items, ",")+`]}`), "Song Played", "Checkout Started", 1)
}

func list(n int) string {
	return "[" + strings.TrimSuffix(strings.Repeat("1,", n), ",") + "]"
}

// TestLimits holds each limit of the mapping's section 10 at its edge: the largest
// that passes and the smallest that doesn't.
func TestLimits(t *testing.T) {
	t.Parallel()
	flat := mapper.Config{FlattenProperties: true}
	newer := mapper.Config{Revision: served}
	const profileInEvent = `{"attributes":{"email":"ana@example.com","properties":{"bio":""}},"type":"profile"}`
	tests := []struct {
		name  string
		cfg   mapper.Config
		event string
		code  mapper.Code // empty if it passes
		field string
	}{
		{name: "127 characters of metric name", event: strings.Replace(trackWith("{}"), "Song Played", strings.Repeat("é", 127), 1)},
		{name: "128 characters of metric name", event: strings.Replace(trackWith("{}"), "Song Played", strings.Repeat("é", 128), 1),
			code: mapper.CodeMetricNameTooLong, field: "event"},
		{name: "300 properties", event: trackWith(manyProperties(300))},
		{name: "100,000 properties", event: trackWith(manyProperties(100_000)), code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "301 properties", event: trackWith(manyProperties(301)), code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "301 properties after flattening", cfg: flat, event: trackWith(`{"a":` + manyProperties(301) + "}"),
			code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "100 KB in a string", event: trackWith(`{"s":"` + strings.Repeat("x", 100_000) + `"}`)},
		{name: "more than 100 KB in a string", event: trackWith(`{"o":{"s/t":["` + strings.Repeat("x", 100_001) + `"]}}`),
			code: mapper.CodeStringTooLong, field: "properties.o.s/t[0]"},
		{name: "a string is measured without its escapes", event: trackWith(`{"s":"` + strings.Repeat(`\u0041`, 100_000) + `"}`)},
		{name: "4,000 elements", event: trackWith(`{"l":` + list(4000) + `}`)},
		{name: "4,001 elements", event: trackWith(`{"l":{"m":` + list(4001) + `}}`), code: mapper.CodeListTooLong, field: "properties.l.m"},
		{name: "a long string under another name", event: strings.Replace(trackWith(`{"sku":1,"name":"`+strings.Repeat("x", 100_001)+`"}`), "Song Played", "Product Added", 1),
			code: mapper.CodeStringTooLong, field: "properties.name"},
		{name: "a long string in an item", event: checkoutOf(`{"sku":1}`, `{"sku":2,"name":"`+strings.Repeat("x", 100_001)+`"}`),
			code: mapper.CodeStringTooLong, field: "properties.items[1].name"},
		{name: "a long string after flattening", cfg: flat, event: trackWith(`{"s":{"a.b":[{"c":1},{"d/e":"` + strings.Repeat("x", 100_001) + `"}]}}`),
			code: mapper.CodeStringTooLong, field: "properties.s.a.b[1].d/e"},
		{name: "a long string in an item after flattening", cfg: flat, event: checkoutOf(`{"sku":1}`, `{"sku":2,"name":"`+strings.Repeat("x", 100_001)+`"}`),
			code: mapper.CodeStringTooLong, field: "properties.items[1].name"},
		{name: "10 levels", event: trackWith(nested(10))},
		{name: "11 levels", event: trackWith(nested(11)), code: mapper.CodeTooDeep, field: "properties" + strings.Repeat(".a", 10)},
		{name: "10,000 levels", event: trackWith(nested(9_000)), code: mapper.CodeTooDeep, field: "properties" + strings.Repeat(".a", 10)},
		{name: "11 levels are flat after flattening", cfg: flat, event: trackWith(nested(11))},
		{name: "an event of more than 5 MB", event: trackWith("{" + strings.TrimSuffix(strings.Repeat(`"REPLACED":"`+strings.Repeat("x", 99_000)+`",`, 51), ",") + "}"),
			code: mapper.CodeTooLarge},
		{name: "20,000 traits", event: trackWithTraits(manyTraits(19_999))},
		{name: "20,001 traits", event: trackWithTraits(manyTraits(20_000)), code: mapper.CodeTooLarge, field: "traits"},
		{name: "20,001 traits, of which 10,000 in context", event: strings.Replace(trackWithTraits(manyTraits(10_001)), `"type"`,
			`"context":{"traits":`+strings.ReplaceAll(manyProperties(10_000), `"p`, `"q`)+`},"type"`, 1), code: mapper.CodeTooLarge},
		{name: "5 MB in the names of traits", event: identifyWith(`"` + strings.Repeat("x", 5_000_000-len(`"email"`+`""`)) + `":null`)},
		{name: "more than 5 MB in the names of traits", event: identifyWith(`"` + strings.Repeat("x", 5_000_000-len(`"email"`+`"`)) + `":null`), code: mapper.CodeTooLarge},
		{name: "20,001 traits after flattening", cfg: flat, event: trackWithTraits(`"a":` + manyProperties(20_001)), code: mapper.CodeTooLarge},
		{name: "4,096 fields in an item", event: checkoutOf(manyProperties(4_096))},
		{name: "4,096 fields in each of two items", event: checkoutOf(manyProperties(4_096), manyProperties(4_096))},
		{name: "4,097 fields in an item", event: checkoutOf(`{"sku":1}`, manyProperties(4_097)), code: mapper.CodeTooManyProperties, field: "properties.items[1]"},
		{name: "a profile of 100 KB", event: identifyWith(`"bio":"` + strings.Repeat("x", 99_900-len(`{"data":{"type":"profile","attributes":{"email":"ana@example.com","properties":{"bio":""}}}}`)) + `"`)},
		{name: "a profile of more than 100 KB", event: identifyWith(`"bio":"` + strings.Repeat("x", 100_000) + `"`), code: mapper.CodeTooLarge},
		{name: "a profile of less than 100 KB, whatever is escaped in HTML", event: identifyWith(`"bio":"` + strings.Repeat("<&>", 30_000) + `"`)},
		{name: "a profile with a title of more than 100 KB", event: identifyWith(`"title":"` + strings.Repeat("x", 100_000) + `"`), code: mapper.CodeTooLarge},
		{name: "a profile whose first name is escaped to more than 100 KB", event: identifyWith(`"firstName":"` + strings.Repeat("x\u2028", 17_000) + `"`), code: mapper.CodeTooLarge},
		{name: "an event with a title of more than 5 MB", event: strings.Replace(trackWith("{}"), `"email"`, `"title":"`+strings.Repeat("x", 5_000_000)+`","email"`, 1), code: mapper.CodeTooLarge},
		{name: "255 characters of external id", event: strings.Replace(trackWith("{}"), `"type"`, `"userId":"`+strings.Repeat("é", 255)+`","type"`, 1)},
		{name: "256 characters of external id alone", cfg: mapper.Config{AllowExternalIDOnly: true},
			event: `{"type":"track","event":"x","userId":"` + strings.Repeat("é", 256) + `"}`,
			code:  mapper.CodeExternalIDTooLong, field: "userId"},
		{name: "400 properties of the served revision", cfg: newer, event: trackWith(manyProperties(400))},
		{name: "401 properties of the served revision", cfg: newer, event: trackWith(manyProperties(401)), code: mapper.CodeTooManyProperties, field: "properties"},
		{name: "a profile of 95 KB in an event", cfg: newer, event: trackWithTraits(`"bio":"` + strings.Repeat("x", 95_000-len(profileInEvent)) + `"`)},
		{name: "a profile of more than 95 KB in an event", cfg: newer, event: trackWithTraits(`"bio":"` + strings.Repeat("x", 95_001-len(profileInEvent)) + `"`), code: mapper.CodeTooLarge},
		{name: "a profile whose title makes more than 95 KB in an event", cfg: newer, event: trackWithTraits(`"title":"` + strings.Repeat("x", 95_000) + `"`), code: mapper.CodeTooLarge},
		{name: "a profile whose patch makes more than 95 KB in an event", cfg: newer,
			event: strings.Replace(trackWithTraits(`"a":"`+strings.Repeat("x", 95_000)+`"`), `"type"`, `"integrations":{"Klaviyo":{"fieldsToAppend":["a"]}},"type"`, 1), code: mapper.CodeTooLarge},
		{name: "a profile of 95 KB in an event of the older revision", event: trackWithTraits(`"bio":"` + strings.Repeat("x", 95_001) + `"`)},
		{name: "20,001 names in a patch", cfg: newer, event: strings.Replace(trackWith("{}"), `"type"`, `"integrations":{"Klaviyo":{"fieldsToUnset":`+list(20_001)+`}},"type"`, 1),
			code: mapper.CodeListTooLong, field: "integrations.Klaviyo.fieldsToUnset"},
		{name: "a long user id is no identifier under enforceEmailAsPrimary", cfg: mapper.Config{EnforceEmailAsPrimary: true},
			event: strings.Replace(trackWith("{}"), `"type"`, `"userId":"`+strings.Repeat("x", 256)+`","type"`, 1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			event := tt.event
			for i := 0; strings.Contains(event, "REPLACED"); i++ {
				event = strings.Replace(event, "REPLACED", fmt.Sprint("p", i), 1)
			}
			_, err := newMapper(t, tt.cfg).Map([]byte(event))
			var e *mapper.Error
			if !errors.As(err, &e) {
				e = &mapper.Error{}
			}
			if e.Code != tt.code || e.Field != tt.field {
				t.Errorf("got %q at %q, want %q at %q", e.Code, e.Field, tt.code, tt.field)
			}
		})
	}
}

// TestEscapedText bounds the text of a group's request as it is sent.
func TestEscapedText(t *testing.T) {
	const room = 5_000_000 - len("ana@example.com")
	for _, text := range []string{"a", "é", "\"", "\\", "\n", "\b", "\f", "\r", "\t", "\x01", "\x1f", "\x7f", "<", "\u2027", "\u2028", "\u2029", "☃", "😀"} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		group := func(n int) (mapper.Result, error) {
			id := `"L` + strings.Repeat(string(quoted[1:len(quoted)-1]), n) + `L"`
			return newMapper(t, mapper.Config{}).Map([]byte(strings.Replace(identifyWith(`"subscribe":true`), `"identify"`, `"group","groupId":`+id, 1)))
		}
		none, _ := group(0)
		one, _ := group(1)
		size := len(bodies(one)) - len(bodies(none))
		most := (room - len("LL")) / size
		if _, err := group(most); err != nil {
			t.Errorf("%d of %+q: %v", most, text, err)
		}
		var e *mapper.Error
		if _, err := group(most + 1); !errors.As(err, &e) || e.Code != mapper.CodeTooLarge {
			t.Errorf("%d of %+q: %v, want %s", most+1, text, err, mapper.CodeTooLarge)
		}
	}
}

// TestItemsAsOneByOne maps items of so many fields that they are read in their turn, and
// compares them with the same items by themselves.
func TestItemsAsOneByOne(t *testing.T) {
	m := newMapper(t, mapper.Config{})
	items := func(event string) string {
		result, err := m.Map([]byte(event))
		if err != nil {
			t.Fatal(err)
		}
		properties := string(result.Requests[0].Body().(*klaviyo.EventCreateQuery).Data.Attributes.Properties)
		return strings.TrimSuffix(strings.TrimPrefix(properties, `{"Items":[`), "]}")
	}
	var all, alone []string
	for i := range 20 {
		item := fmt.Sprintf(`{"sku":%d, "SKU":"lost","name":"n",%s,"o":[ %d ]}`, i, manyTraits(300*i+1), i)
		if i > 12 {
			item = fmt.Sprintf(`{"price": %d}`, i)
		}
		all, alone = append(all, item), append(alone, items(checkoutOf(item)))
	}
	if got, want := items(checkoutOf(all...)), strings.Join(alone, ","); got != want {
		t.Errorf("got %d bytes of items, want %d", len(got), len(want))
	}
}

// TestDeepValues maps what is deeper than any limit, in time that grows with the
// input and not with its square.
func TestDeepValues(t *testing.T) {
	deep := nested(9_000)
	tests := []struct {
		name, event string
		cfg         mapper.Config
	}{
		{"a trait", identifyWith(`"deep":` + deep), mapper.Config{}},
		{"a trait, flattened", identifyWith(`"deep":` + strings.Replace(deep, "1", list(2000), 1)), mapper.Config{FlattenProperties: true}},
		{"a property, flattened", trackWith(deep), mapper.Config{FlattenProperties: true}},
		{"what isn't mapped", strings.Replace(trackWith("{}"), `"type"`, `"deep":`+deep+`,"type"`, 1), mapper.Config{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			result, err := newMapper(t, tt.cfg).Map([]byte(tt.event))
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(result.Requests[0].Body())
			if err != nil {
				t.Fatal(err)
			}
			if tt.name != "what isn't mapped" && len(body) < len(deep)/5 {
				t.Errorf("only %d bytes were sent", len(body))
			}
		})
	}
}

// TestFlattenedGrowth checks a small value against what its keys could grow to.
func TestFlattenedGrowth(t *testing.T) {
	key := strings.Repeat("k", 50_000)
	event := identifyWith(`"a":{"` + key + `":{` + strings.Trim(manyProperties(20_000), "{}") + `}}`)
	_, err := newMapper(t, mapper.Config{FlattenProperties: true}).Map([]byte(event))
	var e *mapper.Error
	if !errors.As(err, &e) || e.Code != mapper.CodeTooLarge {
		t.Errorf("got %v, want %s", err, mapper.CodeTooLarge)
	}
}
