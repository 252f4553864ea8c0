package delivery

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestMergeProfiles(t *testing.T) {
	tests := []struct {
		name                 string
		earlier, later, want string // attributes
	}{
		{"a value over a value", `{"first_name":"A"}`, `{"first_name":"B"}`, `{"first_name":"B"}`},
		{"null over a value", `{"first_name":"A"}`, `{"first_name":null}`, `{"first_name":null}`},
		{"a value over null", `{"first_name":null}`, `{"first_name":"B"}`, `{"first_name":"B"}`},
		{"nothing over null", `{"first_name":null}`, `{"title":"B"}`, `{"first_name":null,"title":"B"}`},
		{"the location field by field", `{"location":{"city":"A","zip":"1","region":"R"}}`, `{"location":{"city":"B","zip":null}}`, `{"location":{"city":"B","zip":null,"region":"R"}}`},
		{"coordinates", `{"location":{"latitude":1.50,"longitude":"2"}}`, `{"location":{"latitude":"3"}}`, `{"location":{"latitude":"3","longitude":"2"}}`},
		{"properties of one", `{"properties":{"a":1}}`, `{}`, `{"properties":{"a":1}}`},
		{"properties of the other", `{}`, `{"properties":{"a":1}}`, `{"properties":{"a":1}}`},
		{"no properties in them", `{"properties":{}}`, `{"properties":{}}`, `{"properties":{}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var earlier, later klaviyo.ProfileCreateAttributes
			if err := json.Unmarshal([]byte(tt.earlier), &earlier); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(tt.later), &later); err != nil {
				t.Fatal(err)
			}
			got, err := json.Marshal(merged(t, earlier, later))
			if err != nil {
				t.Fatal(err)
			}
			var gotValue, wantValue any
			if json.Unmarshal(got, &gotValue) != nil || json.Unmarshal([]byte(tt.want), &wantValue) != nil || !reflect.DeepEqual(gotValue, wantValue) {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}

// A field that the description gains is to be merged too.
func TestEachFieldIsMerged(t *testing.T) {
	fill := func(v reflect.Value, text string) {
		for i := range v.NumField() {
			switch field := v.Field(i).Addr().Interface().(type) {
			case *string:
				*field = "A" // the identifiers: both have the same
			case *klaviyo.Nullable[string]:
				*field = klaviyo.Set(text)
			case *klaviyo.Coordinate:
				if err := field.FromCoordinateText(text); err != nil {
					t.Fatal(err)
				}
			case *json.RawMessage:
				*field = []byte(`{"a":"` + text + `"}`)
			case *klaviyo.ProfileLocation: // the caller's
			default:
				t.Fatalf("no value for a %T", field)
			}
		}
	}
	whole := func(text string) (a klaviyo.ProfileCreateAttributes) {
		fill(reflect.ValueOf(&a).Elem(), text)
		fill(reflect.ValueOf(&a.Location).Elem(), text)
		return a
	}
	empty := klaviyo.ProfileCreateAttributes{Email: "A", PhoneNumber: "A", ExternalID: "A"}
	for name, parts := range map[string][2]klaviyo.ProfileCreateAttributes{
		"later":   {whole("B"), whole("A")},
		"earlier": {whole("A"), empty},
	} {
		if got := merged(t, parts[0], parts[1]); !reflect.DeepEqual(got, whole("A")) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// merged returns the attributes of the request that two become.
func merged(t *testing.T, earlier, later klaviyo.ProfileCreateAttributes) klaviyo.ProfileCreateAttributes {
	t.Helper()
	a, b := klaviyo.NewCreateProfileBody(earlier), klaviyo.NewCreateProfileBody(later)
	body, ok := batchings[klaviyo.OperationCreateProfile].merge(&a, &b)
	if !ok {
		t.Fatal("not merged")
	}
	return body.(*klaviyo.ProfileCreateQuery).Data.Attributes
}

func TestMergeProperties(t *testing.T) {
	tests := []struct{ name, earlier, later, want string }{
		{"digits stay", `{"big":12345678901234567890,"price":1.10}`, `{"more":1E400,"price":1.20}`, `{"big":12345678901234567890,"price":1.20,"more":1E400}`},
		{"null counts", `{"a":1,"b":null}`, `{"a":null}`, `{"a":null,"b":null}`},
		{"objects are values", `{"a":{"b":1,"c":2}}`, `{"a":{"b":3}}`, `{"a":{"b":3}}`},
		{"lists are values", `{"a":[1,2]}`, `{"a":[3]}`, `{"a":[3]}`},
		{"names by what they say", `{"caf\u00e9":1}`, `{"café":2}`, `{"café":2}`},
		{"a lone surrogate", `{"a":"\ud83d"}`, `{"b":"\ud83d"}`, `{"a":"\ud83d","b":"\ud83d"}`},
		{"escapes", `{"\"":"\\"}`, `{"b":"}"}`, `{"\"":"\\","b":"}"}`},
		{"spaces", ` { "a" : 1 } `, `{"b": [1, 2]}`, `{"a":1,"b":[1, 2]}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := mergeProperties([]byte(tt.earlier), []byte(tt.later))
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %v; want %s", got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{`[]`, `{`, `{"a":}`, `"x"`} {
		if got, err := mergeProperties([]byte(`{"a":1}`), []byte(bad)); err == nil {
			t.Errorf("%s: %s", bad, got)
		}
	}
}

// TestCoalescedHaveTheSameResult sends random identifies of a few people one after
// the other, and as delivery does, and compares what Klaviyo has.
func TestCoalescedHaveTheSameResult(t *testing.T) {
	var sentAlone, sentTogether int
	for seed := range uint64(5) {
		random := rand.New(rand.NewPCG(seed, 3))
		var events []Event
		for line := 1; line <= 200; line++ {
			events = append(events, randomIdentify(t, random, line))
		}
		synctest.Test(t, func(t *testing.T) {
			alone := klaviyotest.New()
			c := newClient(t, alone)
			for _, e := range events {
				if _, err := c.Send(t.Context(), e.Requests[0]); err != nil {
					t.Fatal(err)
				}
			}
			together := klaviyotest.New()
			together.Inject(klaviyotest.Fault{Delay: time.Second, Times: -1})
			if report := deliver(t.Context(), Config{Sender: newClient(t, together)}, events...); report.Delivered != len(events) {
				t.Fatalf("%+v", report)
			}
			if diff := cmp.Diff(profilesOf(t, alone), profilesOf(t, together)); diff != "" {
				t.Errorf("seed %d: (-alone +together)\n%s", seed, diff)
			}
			sentAlone += len(alone.Requests())
			sentTogether += len(together.Requests())
		})
	}
	if sentTogether*3 > sentAlone*2 {
		t.Errorf("%d requests instead of %d", sentTogether, sentAlone)
	}
}

func newClient(t testing.TB, k *klaviyotest.Klaviyo) *client.Client {
	t.Helper()
	c, err := client.New("pk_test", client.WithHTTPClient(&http.Client{Transport: k.Transport()}))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// profilesOf returns what the profiles say, by email, but for the times.
func profilesOf(t *testing.T, k *klaviyotest.Klaviyo) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, p := range k.Profiles() {
		a := p.Attributes
		a.Created, a.Updated = "", ""
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		found[a.Email] = string(text)
	}
	return found
}

func randomIdentify(t *testing.T, random *rand.Rand, line int) Event {
	t.Helper()
	m, err := mapper.New(mapper.Config{SendNulls: true})
	if err != nil {
		t.Fatal(err)
	}
	person := random.IntN(3)
	traits := map[string]any{"email": fmt.Sprintf("p%d@example.com", person)}
	for _, name := range []string{"firstName", "lastName", "title", "city", "zip", "street", "a", "b", "c"} {
		switch random.IntN(6) {
		case 0:
			traits[name] = nil
		case 1, 2:
			traits[name] = fmt.Sprint(line)
		case 3:
			traits[name] = map[string]any{"x": line}
		}
	}
	event := map[string]any{"type": "identify", "traits": traits}
	if random.IntN(2) == 0 {
		event["userId"] = fmt.Sprint("u", person)
	}
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	result, err := m.Map(text)
	if err != nil {
		t.Fatal(err)
	}
	return Event{Position: Position{Line: line, Number: line}, Text: text, Identity: result.Identity, Requests: result.Requests}
}
