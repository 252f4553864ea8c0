package openapi_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	klaviyo2023 "github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
	klaviyo2026 "github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// TestAppendJSON checks what bodies append against encoding/json, with fields that are
// set, null, empty or left out at random.
func TestAppendJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2_000 {
		for _, body := range []interface{ AppendJSON([]byte) []byte }{
			random[klaviyo2023.EventCreateQuery](r),
			random[klaviyo2023.ProfileCreateQuery](r),
			random[klaviyo2023.SubscriptionCreateJobCreateQuery](r),
			random[klaviyo2023.UnsubscriptionCreateJobCreateQuery](r),
			random[klaviyo2026.EventCreateQuery](r),
			random[klaviyo2026.EventBulkCreateQuery](r),
			random[klaviyo2026.ProfileUpsertQuery](r),
			random[klaviyo2026.ProfileImportJobCreateQuery](r),
			random[klaviyo2026.SubscriptionCreateJobCreateQuery](r),
			random[klaviyo2026.UnsubscriptionCreateJobCreateQuery](r),
		} {
			var want bytes.Buffer
			encoder := json.NewEncoder(&want)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(body); err != nil {
				t.Fatal(err)
			}
			got := body.AppendJSON([]byte("before "))
			if string(got)+"\n" != "before "+want.String() {
				t.Fatalf("%T: got\n%s\nwant\n%s", body, got, want.String())
			}
		}
	}
}

// TestAppendJSONAllocates holds that a body costs no memory beside the buffer it is
// appended to.
func TestAppendJSONAllocates(t *testing.T) {
	bodies := 0
	for id, body := range bodies2026() {
		appender, ok := body.(interface{ AppendJSON([]byte) []byte })
		if !ok {
			continue
		}
		bodies++
		buffer := make([]byte, 0, 4<<10)
		if n := testing.AllocsPerRun(100, func() { appender.AppendJSON(buffer) }); n > 1 { // the body itself, behind its interface
			t.Errorf("%s: %v allocations", id, n)
		}
	}
	if bodies < 6 {
		t.Errorf("%d bodies have AppendJSON, want 6 and more", bodies)
	}
}

func random[T any](r *rand.Rand) T {
	var v T
	fill(reflect.ValueOf(&v).Elem(), r)
	return v
}

var randomTexts = []string{"", "x", "ana@example.com", "Chloé", "a\"b\\c", "<b>&", "\x00\x1f\x7f", "\u2028\u2029", "\xff", "日本", "\n\t\b\f"}

// fill sets v to something that it can hold.
func fill(v reflect.Value, r *rand.Rand) {
	text := randomTexts[r.IntN(len(randomTexts))]
	switch p := v.Addr().Interface().(type) {
	case *json.RawMessage:
		*p = json.RawMessage([]string{`{}`, `{"a":[1.10,"<é>"]}`, `{"b":null,"c":{}}`}[r.IntN(3)])
		return
	case *json.Number:
		*p = json.Number([]string{"", "0", "1.50", "12345678901234567890"}[r.IntN(4)])
		return
	case *runtime.Nullable[string]:
		switch r.IntN(3) {
		case 0:
			p.Set(text)
		case 1:
			p.SetNull()
		}
		return
	case interface{ FromCoordinateDegrees(float64) error }:
		if r.IntN(2) == 0 {
			_ = p.FromCoordinateDegrees(12.5)
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.String:
		v.SetString(text)
	case reflect.Struct:
		if r.IntN(8) > 0 {
			for i := range v.NumField() {
				fill(v.Field(i), r)
			}
		}
	case reflect.Slice:
		if n := r.IntN(4); n < 3 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			fill(v.Index(i), r)
		}
	default:
		panic("fill knows nothing of " + v.Type().String())
	}
}
