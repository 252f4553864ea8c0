package openapi_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// TestEventProfile holds what the templates add to the generated types.
func TestEventProfile(t *testing.T) {
	tests := []struct {
		name    string
		json    string
		profile klaviyo.EventProfile
	}{
		{"empty", `{}`, klaviyo.EventProfile{}},
		{"fields", `{"$email":"ana@example.com","$consent":["email"]}`,
			klaviyo.EventProfile{Email: "ana@example.com", Consent: []string{"email"}}},
		{"custom properties", `{"$id":"7","plan":1.10,"$zap":null}`,
			klaviyo.EventProfile{ID: "7", Properties: json.RawMessage(`{"$zap":null,"plan":1.10}`)}},
		{"custom properties alone", `{"plan":"gold"}`, klaviyo.EventProfile{Properties: json.RawMessage(`{"plan":"gold"}`)}},
		{"null", `{"$first_name":null}`, klaviyo.EventProfile{FirstName: runtime.Null[string]()}},
		{"a name in other case", `{"$EMAIL":"x"}`, klaviyo.EventProfile{Properties: json.RawMessage(`{"$EMAIL":"x"}`)}},
		{"consent to none", `{"$consent":[]}`, klaviyo.EventProfile{Consent: []string{}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var profile klaviyo.EventProfile
			if err := json.Unmarshal([]byte(tt.json), &profile); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.profile, profile); diff != "" {
				t.Errorf("decoded, want -, got +:\n%s", diff)
			}
			data, err := json.Marshal(tt.profile)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if json.Unmarshal(data, &got) != nil || json.Unmarshal([]byte(tt.json), &want) != nil {
				t.Fatalf("not JSON: %s", data)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("encoded, want -, got +:\n%s", diff)
			}
		})
	}
	if _, err := json.Marshal(klaviyo.EventProfile{Properties: json.RawMessage(`[1]`)}); err == nil {
		t.Error("Properties that are no object were encoded")
	}
}

func TestTimestamp(t *testing.T) {
	moment := time.Date(2026, 3, 14, 9, 26, 53, 589_000_000, time.FixedZone("", 3600))
	stamp := klaviyo.NewTimestamp(moment)
	if stamp != "2026-03-14T09:26:53.589+01:00" {
		t.Errorf("NewTimestamp gave %s", stamp)
	}
	if back, err := stamp.Time(); err != nil || !back.Equal(moment) {
		t.Errorf("Time gave %v, %v", back, err)
	}
}
