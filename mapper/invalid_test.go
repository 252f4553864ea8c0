package mapper_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// TestInvalidInput holds what isn't an event to an error that tells what to do and
// quotes nothing.
func TestInvalidInput(t *testing.T) {
	const secret = "hidden@example.com"
	tests := []struct {
		name, input string
		code        mapper.Code
		field       string
		message     string // a part of it
	}{
		{"empty", "", mapper.CodeInvalidJSON, "", "empty event"},
		{"spaces", " \t ", mapper.CodeInvalidJSON, "", "empty event"},
		{"words", "hello " + secret, mapper.CodeInvalidJSON, "", "byte 0"},
		{"cut off in a string", `{"type":"track","email":"` + secret, mapper.CodeInvalidJSON, "", "cut off"},
		{"cut off after a member", `{"type":"track",`, mapper.CodeInvalidJSON, "", "cut off"},
		{"the first line of several", "{", mapper.CodeInvalidJSON, "", "put each event on one line"},
		{"two events", `{"type":"track"} {"type":"track"}`, mapper.CodeInvalidJSON, "", "one event on each line"},
		{"something after the event", `{"type":"track"}]`, mapper.CodeInvalidJSON, "", "byte 16"},
		{"a time with a city", `{"type":"track","event":"x","timestamp":"2026-03-01T09:30:00 Berlin","traits":{"email":"` + secret + `"}}`, mapper.CodeInvalidTime, "timestamp", "invalid time"},
		{"a time of another form", `{"type":"track","event":"x","timestamp":"1 March 2026","traits":{"email":"` + secret + `"}}`, mapper.CodeInvalidTime, "timestamp", "invalid time"},
		{"a phone number of no country", `{"type":"identify","traits":{"phone":"+49 1"}}`, mapper.CodeInvalidPhone, "traits.phone", "invalid phone number: it begins with +"},
		{"a national phone number", `{"type":"identify","traits":{"phone":"0171 1234567"}}`, mapper.CodeInvalidPhone, "traits.phone", "defaultCountry"},
		{"a track without a name", `{"type":"track","traits":{"email":"` + secret + `"}}`, mapper.CodeMissingEventName, "event", "set event"},
		{"a screen without a name", `{"type":"screen","traits":{"email":"` + secret + `"}}`, mapper.CodeMissingEventName, "event", "set name"},
		{"consent to nothing", `{"type":"group","groupId":"L","traits":{"email":"` + secret + `","subscribe":true,"consent":["push"]}}`, mapper.CodeNoConsentedChannel, "traits.consent", "there is no consent to email or sms"},
		{"consent without its identifier", `{"type":"group","groupId":"L","traits":{"email":"` + secret + `","subscribe":true,"consent":["sms"]}}`, mapper.CodeNoConsentedChannel, "traits.consent", "no email or phone number for a channel in consent"},
		{"a name twice", `{"type":"track","type":"identify"}`, mapper.CodeInvalidJSON, "type", "duplicate name"},
		{"a name twice, inside", `{"traits":{"a":[{"b":1,"\u0062":"` + secret + `"}]}}`, mapper.CodeInvalidJSON, "traits.a[0].b", "duplicate name"},
		{"not UTF-8", "{\"type\":\"track\",\"x\":\"\xff\"}", mapper.CodeInvalidJSON, "", "invalid UTF-8 at byte 21"},
		{"control character", "{\"a\":\"\x01\"}", mapper.CodeInvalidJSON, "", "byte 6"},
		{"a comma too many", `{"a":1,}`, mapper.CodeInvalidJSON, "", "byte 7"},
		{"number", "12", mapper.CodeInvalidEvent, "", "object"},
		{"null", "null", mapper.CodeInvalidEvent, "", "object"},
		{"list", `[{"type":"track"}]`, mapper.CodeInvalidEvent, "", "object"},
		{"too deep to read", strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), mapper.CodeInvalidJSON, "", "levels deep"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := newMapper(t, mapper.Config{}).Map([]byte(tt.input))
			var e *mapper.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Code != tt.code || e.Field != tt.field || !strings.Contains(e.Message, tt.message) {
				t.Errorf("got %q at %q: %s\nwant %q at %q: … %s …", e.Code, e.Field, e.Message, tt.code, tt.field, tt.message)
			}
			if strings.Contains(err.Error(), "hidden") || !strings.HasPrefix(err.Error(), string(tt.code)) {
				t.Errorf("the error says %q", err)
			}
		})
	}
}

// TestOddButValid holds what is unusual JSON to being sent as it is, but for white space.
func TestOddButValid(t *testing.T) {
	event := " {\"type\":\"track\",\"event\":\"x\",\"traits\":{\"email\":\"a@b.c\"},\"properties\":" +
		`{"lone":"\ud83d","big":123456789012345678901234567890,"zero":-0.0E+1,"e":"\u00e9\/","\u0061b":[ 1 , {} ]}}` + "\r\n"
	result, err := newMapper(t, mapper.Config{}).Map([]byte(event))
	if err != nil {
		t.Fatal(err)
	}
	got := string(result.Requests[0].Body().(*klaviyo.EventCreateQuery).Data.Attributes.Properties)
	want := `{"lone":"\ud83d","big":123456789012345678901234567890,"zero":-0.0E+1,"e":"\u00e9\/","\u0061b":[1,{}]}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEventNamesInJSON(t *testing.T) {
	const form = `[{"eventName":"Order Completed"},{"eventName":""}]`
	var names mapper.EventNames
	if err := json.Unmarshal([]byte(form), &names); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mapper.EventNames{"Order Completed", ""}, names); diff != "" {
		t.Error(diff)
	}
	back, err := json.Marshal(names)
	if err != nil || string(back) != form {
		t.Errorf("got %s, %v, want %s", back, err, form)
	}
}
