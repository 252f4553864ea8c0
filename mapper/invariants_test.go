package mapper_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// fuzzConfig returns a config whose settings are the bits of n.
func fuzzConfig(n uint16) mapper.Config {
	bit := func(i int) bool { return n&(1<<i) != 0 }
	cfg := mapper.Config{
		EnforceEmailAsPrimary: bit(0),
		FlattenProperties:     bit(1),
		AllowExternalIDOnly:   bit(2),
		SendNulls:             bit(3),
		Now:                   func() time.Time { return now },
	}
	if bit(13) {
		cfg.Revision = served
		cfg.HistoricalImport, cfg.MergeOnAlias = bit(14), bit(15)
	}
	if bit(4) {
		cfg.Unsubscribe = new(cfg.Revision != served) // not its default
	}
	if bit(5) {
		cfg.ListID = "XyZ123"
	}
	if bit(6) {
		cfg.DefaultCountry = "DE"
	}
	if bit(7) {
		cfg.ItemFields = mapper.ItemFieldsTransformer
		if bit(10) {
			cfg.ItemFields = mapper.ItemFieldsKlaviyo
		}
	}
	if bit(8) {
		cfg.Consent = []mapper.Channel{mapper.ChannelEmail, mapper.ChannelSMS}
	}
	if bit(9) {
		off := false
		cfg.SMSConsent = &off
	}
	return cfg
}

// FuzzMap checks what Map promises for every input: it doesn't panic, its requests are JSON, each
// has an identifier, and no part of the event is lost.
func FuzzMap(f *testing.F) {
	for i, event := range goldenEvents(f) {
		f.Add(event, uint16(i))
		f.Add(event, uint16(i)|1<<13)
	}
	f.Fuzz(func(t *testing.T, event []byte, settings uint16) {
		cfg := fuzzConfig(settings)
		m, err := mapper.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		before := bytes.Clone(event)
		result, err := m.Map(event)
		if !bytes.Equal(before, event) {
			t.Fatal("Map changed the event")
		}
		for _, w := range result.Warnings {
			checkPath(t, w.Field)
		}
		if err != nil {
			var e *mapper.Error
			if !errors.As(err, &e) || e.Code == "" || e.Message == "" {
				t.Fatalf("Map returned %#v", err)
			}
			if e.Code != mapper.CodeInvalidJSON { // its field may be any duplicate name
				checkPath(t, e.Field)
			}
			if len(result.Requests) > 0 {
				t.Fatal("Map returned requests and an error")
			}
			return
		}
		if (result.Skipped == "") == (len(result.Requests) == 0) {
			t.Fatalf("%d requests, skipped %q", len(result.Requests), result.Skipped)
		}
		for _, r := range result.Requests {
			checkIdentifier(t, r, cfg.AllowExternalIDOnly && !cfg.EnforceEmailAsPrimary)
		}
		if result.Skipped == "" {
			checkLossless(t, event, cfg, result)
		}
	})
}

// checkPath checks that a field is a dotted path, not a JSON Pointer.
func checkPath(t *testing.T, field string) {
	t.Helper()
	if strings.HasPrefix(field, "/") {
		t.Fatalf("the field %q is a JSON Pointer", field)
	}
}
