package delivery

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Mappers of revision 2026-07-15.
var (
	plain2026   = mapperOf(mapper.Config{Revision: "2026-07-15"})
	imports2026 = mapperOf(mapper.Config{Revision: "2026-07-15", HistoricalImport: true})
)

// The crossovers of events and of profiles.
var (
	crossover2026       = batchings[klaviyo.OperationCreateEvent].minRequests
	importCrossover2026 = batchings[klaviyo.OperationCreateOrUpdateProfile].minRequests
)

// TestCrossover2026 holds them to what the limits of an account make of them: 3,500 calls
// a minute against 150, and 750 against 150.
func TestCrossover2026(t *testing.T) {
	if crossover2026 != 24 || importCrossover2026 != 6 {
		t.Errorf("%d events and %d profiles", crossover2026, importCrossover2026)
	}
}

func mapperOf(config mapper.Config) *mapper.Mapper {
	m, err := mapper.New(config)
	if err != nil {
		panic(err)
	}
	return m
}

// mapped makes an event of its text, as the mapper does on revision 2026-07-15.
func mapped(t testing.TB, line int, m *mapper.Mapper, text string) Event {
	t.Helper()
	result, err := m.Map([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return Event{Position: Position{Line: line, Number: line}, Text: []byte(text), Identity: result.Identity, Requests: result.Requests}
}

// joins is an event of somebody who joins a list, leaves one who leaves it.
func joins(t testing.TB, line int, list string) Event {
	return mapped(t, line, plain2026, fmt.Sprintf(`{"type":"group","groupId":%q,"traits":{"email":"p%d@example.com","subscribe":true}}`, list, line))
}

func leaves(t testing.TB, line int, list string) Event {
	return mapped(t, line, plain2026, fmt.Sprintf(`{"type":"group","groupId":%q,"traits":{"email":"p%d@example.com","subscribe":false}}`, list, line))
}

func TestSubscriptionsOf2026GoTogether(t *testing.T) {
	imported := func(line int) Event {
		return mapped(t, line, imports2026, fmt.Sprintf(
			`{"type":"group","groupId":"L","timestamp":"2024-01-02T03:04:05Z","traits":{"email":"p%d@example.com","subscribe":true}}`, line))
	}
	tests := []struct {
		name  string
		event func(line int) Event
		n     int
		want  []int // people in each call
	}{
		{"a thousand subscribe", func(line int) Event { return joins(t, line, "L") }, 2001, []int{1, 1000, 1000}},
		{"a hundred unsubscribe", func(line int) Event { return leaves(t, line, "L") }, 201, []int{1, 100, 100}},
		{"lists apart", func(line int) Event { return joins(t, line, fmt.Sprint("L", line%2)) }, 10, []int{5, 5}},
		{"imports apart", func(line int) Event {
			if line%5 == 0 {
				return imported(line)
			}
			return joins(t, line, "L")
		}, 10, []int{2, 8}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var events []Event // mapped at a time that is after theirs
			for line := range tt.n {
				events = append(events, tt.event(line+1))
			}
			synctest.Test(t, func(t *testing.T) {
				var got []int
				s := &server{delay: time.Second}
				s.answer = func(r client.Request, _ string) error {
					s.mu.Lock()
					defer s.mu.Unlock()
					switch body := r.Body().(type) {
					case *klaviyo.SubscriptionCreateJobCreateQuery:
						got = append(got, len(body.Data.Attributes.Profiles.Data))
					case *klaviyo.UnsubscriptionCreateJobCreateQuery:
						got = append(got, len(body.Data.Attributes.Profiles.Data))
					}
					return nil
				}
				run(t, s, events...)
				slices.Sort(got)
				if !slices.Equal(got, tt.want) {
					t.Errorf("calls of %v people, want %v", got, tt.want)
				}
			})
		})
	}
}

// Klaviyo names several of a call's people at once: the others are sent once more.
func TestAllThatARefusalNamesGoAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{delay: time.Second}
		s.answer = func(r client.Request, _ string) error {
			var e client.Error
			for i, p := range r.Body().(*klaviyo.SubscriptionCreateJobCreateQuery).Data.Attributes.Profiles.Data {
				if slices.Contains([]string{"p3@example.com", "p7@example.com", "p9@example.com"}, p.Attributes.Email) {
					e.Faults = append(e.Faults, client.Fault{Pointer: fmt.Sprintf("/data/attributes/profiles/data/%d/attributes/email", i)})
				}
			}
			if len(e.Faults) == 0 {
				return nil
			}
			return refusal(e.Faults[0].Pointer, e.Faults...)
		}
		var events []Event
		for line := range 50 {
			events = append(events, joins(t, line+1, "L"))
		}
		if dead := run(t, s, events...); !slices.Equal(dead, []int{3, 7, 9}) {
			t.Errorf("dead letters %v", dead)
		}
		if len(s.got) != 5 { // all, the three, the rest
			t.Errorf("%d calls", len(s.got))
		}
	})
}

// A list that doesn't exist is everybody's fault, and nobody is asked about alone.
func TestFaultThatAllOf2026Share(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{answer: func(client.Request, string) error { return refusal("/data/relationships/list/data/id") }}
		if dead := run(t, s, joins(t, 1, "L"), joins(t, 2, "L"), joins(t, 3, "L")); len(dead) != 3 || len(s.got) != 1 {
			t.Errorf("dead letters %v after %d calls", dead, len(s.got))
		}
	})
}

// A field that the description gains is to be merged too.
func TestEachFieldOf2026IsMerged(t *testing.T) {
	fill := func(v reflect.Value, text string) {
		for i := range v.NumField() {
			switch name := v.Type().Field(i).Name; name {
			case "Email", "PhoneNumber", "ExternalID", "Kx": // both have the same
				text := "A"
				if field, ok := v.Field(i).Addr().Interface().(*klaviyo.Nullable[string]); ok {
					*field = klaviyo.Set(text)
				} else {
					v.Field(i).SetString(text)
				}
				continue
			}
			switch field := v.Field(i).Addr().Interface().(type) {
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
	whole := func(text string) klaviyo.ProfileUpsertQuery {
		var a klaviyo.ProfileUpsertAttributes
		fill(reflect.ValueOf(&a).Elem(), text)
		fill(reflect.ValueOf(&a.Location).Elem(), text)
		body := klaviyo.NewCreateOrUpdateProfileBody(a)
		body.Data.ID = "01A"
		return body
	}
	empty := klaviyo.NewCreateOrUpdateProfileBody(klaviyo.ProfileUpsertAttributes{
		Email: klaviyo.Set("A"), PhoneNumber: klaviyo.Set("A"), ExternalID: klaviyo.Set("A"), Kx: "A",
	})
	empty.Data.ID = "01A"
	merge := batchings[klaviyo.OperationCreateOrUpdateProfile].merge
	a, b := whole("A"), whole("B")
	for name, parts := range map[string][2]*klaviyo.ProfileUpsertQuery{"later": {&b, &a}, "earlier": {&a, &empty}} {
		if got, ok := merge(parts[0], parts[1]); !ok || !reflect.DeepEqual(got, &a) {
			t.Errorf("%s: %+v", name, got)
		}
	}

	patched := empty
	patched.Data.Meta.PatchProperties.Unset = []string{"a"}
	other := empty
	other.Data.ID = "01B"
	for name, b := range map[string]*klaviyo.ProfileUpsertQuery{"a patch": &patched, "another profile": &other} {
		_, later := merge(&a, b)
		_, earlier := merge(b, &a)
		if later || earlier {
			t.Errorf("%s was merged", name)
		}
	}
}
