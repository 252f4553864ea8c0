package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

const secret = "pk_4f0secret"

func load(t *testing.T, text string) (Config, []string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "destination.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := Load(path, "")
	return file.Config, file.Ignored, err
}

// full sets each key to something other than its default.
var full = Config{
	PrivateAPIKey: secret,
	PublicAPIKey:  "AbCdEf",
	Config: mapper.Config{
		ListID:                "XyZ123",
		Consent:               []mapper.Channel{mapper.ChannelEmail, mapper.ChannelSMS},
		SMSConsent:            new(false),
		EnforceEmailAsPrimary: true,
		FlattenProperties:     true,
		EventFilteringOption:  mapper.EventFilteringWhitelist,
		WhitelistedEvents:     mapper.EventNames{"Order Completed", "Größe gewählt 😀"},
		BlacklistedEvents:     mapper.EventNames{"Ping"},
		DefaultCountry:        "NO",
		AllowExternalIDOnly:   true,
		SendNulls:             true,
		Unsubscribe:           new(true),
		HistoricalImport:      true,
		MergeOnAlias:          true,
		Revision:              "2023-02-22",
		ItemFields:            mapper.ItemFieldsTransformer,
		EcommerceEvents:       new(false),
		MetricNames:           []mapper.MetricName{{EventName: "Order Completed", MetricName: "Placed Order"}},
		OrderedProducts:       true,
	},
}

const fullYAML = `# The destination.
privateApiKey: ` + secret + `
publicApiKey: AbCdEf
listId: 'XyZ123'
consent: [email, sms]
smsConsent: false
enforceEmailAsPrimary: true
flattenProperties: true
eventFilteringOption: whitelistedEvents
whitelistedEvents:
  - eventName: Order Completed
  - eventName: "Größe gewählt \U0001F600"
blacklistedEvents:
  - {eventName: Ping}
defaultCountry: NO
allowExternalIdOnly: true
sendNulls: true
unsubscribe: true
itemFields: transformer
ecommerceEvents: false
metricNames:
  - {eventName: Order Completed, metricName: Placed Order}
orderedProducts: true
historicalImport: true
mergeOnAlias: true
revision: 2023-02-22
`

const fullJSON = `{
	"privateApiKey": "` + secret + `",
	"publicApiKey": "AbCdEf",
	"listId": " XyZ123 ",
	"consent": ["email", "sms"],
	"smsConsent": false,
	"enforceEmailAsPrimary": true,
	"flattenProperties": true,
	"eventFilteringOption": "whitelistedEvents",
	"whitelistedEvents": [{"eventName": "Order Completed"}, {"eventName": ""}, {"eventName": "Gr\u00f6\u00dfe gew\u00e4hlt \ud83d\ude00"}],
	"blacklistedEvents": [{"eventName": "Ping"}],
	"defaultCountry": "NO",
	"allowExternalIdOnly": true,
	"sendNulls": true,
	"unsubscribe": true,
	"itemFields": "transformer",
	"ecommerceEvents": false,
	"metricNames": [{"eventName": "Order Completed", "metricName": "Placed Order"}],
	"orderedProducts": true,
	"historicalImport": true,
	"mergeOnAlias": true,
	"revision": "2023-02-22"
}
`

func TestLoad(t *testing.T) {
	destination := `{"id": "2f", "name": "Klaviyo \/ EU", "enabled": true, "config": ` + fullJSON + `, "destinationDefinition": {"name": "KLAVIYO", "config": {}}}`
	tests := []struct {
		name, text string
		want       Config
	}{
		{"YAML", fullYAML, full},
		{"JSON", fullJSON, full},
		{"JSON with a byte order mark", "\uFEFF" + fullJSON, full},
		{"exported destination", destination, full},
		{"exported destination as YAML", "name: x\nconfig:\n" + indent(fullYAML), full},
		{"empty", "", Config{}},
		{"comments alone", "# nothing\n", Config{}},
		{"empty object", "{}", Config{}},
		{"null and blank are unset", `{"listId": "", "consent": null, "smsConsent": null, "sendNulls": "", "whitelistedEvents": [{"eventName": ""}], "privateApiKey": "  "}`, Config{}},
		{"a single channel", "consent: sms", Config{Config: mapper.Config{Consent: []mapper.Channel{"sms"}}}},
		{"consent to none", "consent: []", Config{Config: mapper.Config{Consent: []mapper.Channel{}}}},
		{"alias", "publicApiKey: &a X\nlistId: *a\n", Config{PublicAPIKey: "X", Config: mapper.Config{ListID: "X"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ignored, err := load(t, tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			if len(ignored) > 0 {
				t.Errorf("ignored %q", ignored)
			}
		})
	}
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}

func TestEachSettingCanBeSet(t *testing.T) {
	value := reflect.ValueOf(full)
	for key, field := range fields {
		if value.FieldByIndex(field.Index).IsZero() {
			t.Errorf("%s is not tried by this test", key)
		}
		if rudderStackKeys[key] {
			t.Errorf("%s is a setting and ignored", key)
		}
	}
}

func TestKeysOfRudderStackAreIgnored(t *testing.T) {
	_, ignored, err := load(t, `{"listId": "X", "useNativeSDK": {"web": false}, "apiVersion": "v1", "useNewKlaviyoRevisionVersion": true, "consentManagement": {"web": [{"provider": "oneTrust"}]}}`)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"apiVersion", "consentManagement", "useNativeSDK", "useNewKlaviyoRevisionVersion"}, ignored); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name, text string
		want       string
	}{
		{"unknown key", "sendNulls: true\nlist: X", `line 2: unknown key "list"`},
		{"unknown key of several words", "list_id_default: X", `line 1: unknown key "list_id_default"`},
		{"unknown key that begins with _", "_a-b.c: X", `line 1: unknown key "_a-b.c"`},
		{"accounts of the service", "accounts:\n- name: eu", `line 1: this is a file of accounts, for serve: check it with rudderklaviyo doctor --accounts FILE`},
		{"secret for a key", "pk_0123456789: X", `line 1: unknown key (not shown)`},
		{"misspelt key", "\nsendNull: true", `line 2: unknown key "sendNull"; did you mean "sendNulls"?`},
		{"key in another case", "listid: X", `unknown key "listid"; did you mean "listId"?`},
		{"key in snake case", "default_country: X", `did you mean "defaultCountry"?`},
		{"unknown key in JSON", "{\n\"listId\": \"X\",\n\"colour\": 1}", `line 3: unknown key "colour"`},
		{"unknown key in a destination", `{"config": {"colour": 1}}`, `unknown key "colour"`},
		{"config that is no object", "config: X", `unknown key "config"`},
		{"setting beside config", `{"config": {}, "listId": "X"}`, "listId stands beside config"},
		{"duplicate key", "listId: X\nsendNulls: true\nlistId: Y", `line 3: "listId" is already set in line 1`},
		{"duplicate key in JSON", "{\"listId\": \"X\",\n\"listId\": \"X\"}", `line 2: "listId" is already set in line 1`},
		{"country that is none", "sendNulls: true\ndefaultCountry: Germany", "line 2: defaultCountry must be an ISO 3166-1 alpha-2 code"},
		{"number for a string", "listId: 12", "line 1: listId must be a string"},
		{"list for a string", "listId: [X]", "listId must be a string"},
		{"string for a flag", `sendNulls: "true"`, "sendNulls must be true or false"},
		{"YAML 1.1 flag", `smsConsent: yes`, "smsConsent must be true or false"},
		{"number for a flag", `{"unsubscribe": 1}`, "unsubscribe must be true or false"},
		{"revision that isn't there", "\nrevision: '2022-01-01'", "line 2: revision must be one of 2023-02-22"},
		{"unknown channel", "consent: [email, fax]", "consent must be a list of the channels email and sms"},
		{"channel of another type", "consent: [email, {sms: true}]", "consent must be a list of the channels"},
		{"events as strings", "whitelistedEvents: [Ping]", "whitelistedEvents must be a list of eventName: NAME"},
		{"event with another key", "whitelistedEvents: [{name: Ping}]", "whitelistedEvents must be a list of eventName: NAME"},
		{"event with two keys", "whitelistedEvents: [{eventName: Ping, id: 1}]", "whitelistedEvents must be a list of eventName: NAME"},
		{"event that is a number", "blacklistedEvents: [{eventName: 1}]", "blacklistedEvents must be a list of eventName: NAME"},
		{"events that are no list", "blacklistedEvents: {eventName: Ping}", "blacklistedEvents must be a list of eventName: NAME"},
		{"template", `listId: "{{ message.list || \"X\" }}"`, "listId is a template"},
		{"template from the environment", "privateApiKey: env.KLAVIYO", "privateApiKey is a template"},
		{"list", "- listId: X", "line 1: want keys and values"},
		{"null", "null", "want keys and values"},
		{"two documents", "listId: X\n---\nlistId: Y", "more than one document"},
		{"merge key", "<<: {listId: X}", "unknown key (not shown)"},
		{"syntax", "listId: X\n  sendNulls: [\n", "neither YAML nor JSON near line"},
		{"cut-off JSON", `{"listId": "X"`, "neither YAML nor JSON"},
		{"events in place of settings", "{\"type\": \"track\"}\n{\"type\": \"track\"}\n", "more than one document"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := load(t, tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "destination.yaml: ") {
				t.Errorf("got %v, want the file and %q", err, tt.want)
			}
		})
	}
}

func TestMissingFile(t *testing.T) {
	if _, err := Load("nowhere.yaml", ""); err == nil || !strings.Contains(err.Error(), "nowhere.yaml") {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

func TestNoErrorShowsTheKey(t *testing.T) {
	for _, text := range []string{
		"privateApiKey:" + secret,
		"{privateApiKey:" + secret + "}",
		"privateApiKey: *" + secret,
		"privateApiKey: [" + secret + "]",
		"privateApiKey: {" + secret + ": 1}",
		"privateApiKey: !" + secret + " x",
		"privateApiKey: %" + secret,
		"privateApiKey: \"" + secret,
		"privateApiKey: \"\\" + secret + "\"",
		"privateApiKey: " + secret + ": x",
		secret + ": privateApiKey",
		secret,
		"\"" + secret + "\": \"x\"\n\"" + secret + "\": \"x\"",
		"listId: [" + secret + "]",
		"consent: " + secret,
		"itemFields: " + secret,
		"defaultCountry: " + secret,
		"privateApiKey: " + secret + "\nprivateApiKey: " + secret,
	} {
		_, _, err := load(t, text)
		if err == nil {
			t.Errorf("%s: no error", strings.ReplaceAll(text, secret, "KEY"))
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error shows the key", strings.ReplaceAll(text, secret, "KEY"))
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(fullYAML)
	f.Add(fullJSON)
	f.Add("a: &a [*a]")
	f.Add(workspace(exported("d1", "Klaviyo", "KLAVIYO", true), exported("d2", "Braze", "BRAZE", true)))
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = parse([]byte(text), "") // must not panic
	})
}
