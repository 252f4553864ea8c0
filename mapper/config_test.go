package mapper_test

import (
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestNewNamesTheWrongSetting(t *testing.T) {
	tests := []struct {
		cfg  mapper.Config
		want string // in the error; empty if there is none
	}{
		{mapper.Config{}, ""},
		{mapper.Config{DefaultCountry: "de"}, ""},
		{mapper.Config{DefaultCountry: "Germany"}, "defaultCountry"},
		{mapper.Config{ItemFields: mapper.ItemFieldsTransformer}, ""},
		{mapper.Config{ItemFields: "rudderstack"}, "itemFields"},
		{mapper.Config{EventFilteringOption: mapper.EventFilteringWhitelist}, ""},
		{mapper.Config{EventFilteringOption: "whitelist"}, "eventFilteringOption"},
		{mapper.Config{Consent: []mapper.Channel{}}, ""},
		{mapper.Config{Consent: []mapper.Channel{"fax"}}, "consent"},
	}
	for _, tt := range tests {
		_, err := mapper.New(tt.cfg)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("New(%+v) = %v, want an error with %q", tt.cfg, err, tt.want)
		}
	}
}
