package mapper_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

func TestExplain(t *testing.T) {
	const shop = "data/attributes/"
	tests := []struct {
		name, event string
		cfg         mapper.Config
		// want are the fields as "request pointer < path why", and what is unused as
		// "path why instead".
		want, unused []string
	}{
		{
			name: "identify",
			event: `{"type":"identify","userId":"u-1","anonymousId":"x","traits":{"email":"ana@example.com","phone":"12","firstName":"Ana","first_name":"Anna","plan":"gold",
				"street":"12 Long Road","note":null,"properties":{"subscribe":true,"color":"red"}},
				"context":{"traits":{"plan":"free","city":"Lyon"},"library":{"name":"x"}},"properties":{"page":1}}`,
			cfg: mapper.Config{ListID: "L1", EnforceEmailAsPrimary: true, FlattenProperties: true},
			want: []string{
				"0 email < traits.email rule",
				"0 first_name < traits.firstName rule",
				"0 location/address1 < traits.street rule",
				"0 location/city < context.traits.city rule",
				"0 properties/phone < traits.phone unusable",
				"0 properties/plan < traits.plan custom",
				"0 properties/street < traits.street custom",
				"0 properties/_id < userId user_id",
				"1 < traits.properties.subscribe rule",
				"1 list_id < config.listId rule",
				"1 subscriptions/0/channels/email < config.consent rule",
				"1 subscriptions/0/email < traits.email rule",
			},
			unused: []string{
				"anonymousId no_place", "traits.first_name other_first traits.firstName", "traits.note null", "traits.properties.color no_place",
				"context.traits.plan overridden traits.plan", "context.library no_place", "properties.page no_place",
			},
		},
		{
			name: "an e-commerce event",
			event: `{"type":"track","messageId":"m-1","event":"Product Added","timestamp":"2026-03-01T09:30:00Z","originalTimestamp":"2026-03-01T09:30:00Z",
				"traits":{"email":"ana@example.com","$email":"x","consent":["email"]},
				"properties":{"sku":"G-32","value":12.5,"revenue":3,"gift":true,"size":{"eu":42},"AddedItemSKU":"no","products":[{"sku":1}],"email":"other@example.com"}}`,
			cfg: mapper.Config{FlattenProperties: true},
			want: []string{
				"0 metric/name < event rule",
				"0 profile/$consent < traits.consent rule",
				"0 profile/$email < traits.email rule",
				"0 profile/consent < traits.consent custom",
				"0 properties/AddedItemSKU < properties.sku renamed",
				"0 properties/$value < properties.value renamed",
				"0 properties/revenue < properties.revenue custom",
				"0 properties/gift < properties.gift custom",
				"0 properties/size.eu < properties.size.eu flattened",
				"0 properties/Items < properties.products renamed", "0 properties/email < properties.email custom",
				"0 time < timestamp rule",
				"0 unique_id < messageId rule",
				"0 value < properties.value rule",
			},
			unused: []string{
				"originalTimestamp other_first timestamp", "traits.$email name_taken", "properties.AddedItemSKU name_taken",
			},
		},
		{
			name:  "no number",
			event: `{"type":"track","event":"Read","traits":{"email":"ana@example.com"},"properties":{"revenue":"much","total":3}}`,
			want:  []string{"0 metric/name < event rule", "0 profile/$email < traits.email rule", "0 properties/revenue < properties.revenue unusable", "0 unique_id <  rule", "0 value < properties.total rule"},
		},
		{
			name:  "a property with the name of a flattened field of an item",
			event: `{"type":"track","event":"Read","traits":{"email":"ana@example.com"},"properties":{"products":[{"size":{"eu":42}}],"size.eu":1,"size":{"us":9}}}`,
			cfg:   mapper.Config{FlattenProperties: true},
			want: []string{
				"0 metric/name < event rule", "0 profile/$email < traits.email rule", "0 properties/products < properties.products custom",
				"0 properties/size.eu < properties.size.eu custom", "0 properties/size.us < properties.size.us flattened", "0 unique_id <  rule",
			},
		},
		{
			name:  "an order id and a currency that can't be used",
			event: `{"type":"track","event":"Checkout Started","traits":{"email":"ana@example.com"},"properties":{"order_id":["o-1"],"currency":"euro"}}`,
			cfg:   mapper.Config{Revision: "2026-07-15"},
			want: []string{
				"0 metric/data/attributes/name < event rule", "0 profile/data/attributes/email < traits.email rule",
				"0 properties/order_id < properties.order_id unusable", "0 properties/currency < properties.currency unusable", "0 unique_id <  rule",
			},
		},
		{
			name: "an ordered product",
			event: `{"type":"track","messageId":"m-1","event":"Order Completed","traits":{"email":"ana@example.com"},
				"properties":{"order_id":"o-1","products":["x",{"price":2,"size":3}]}}`,
			cfg: mapper.Config{OrderedProducts: true},
			want: []string{
				"0 metric/name < event rule", "0 profile/$email < traits.email rule",
				"0 properties/order_id < properties.order_id custom", "0 properties/products < properties.products custom", "0 unique_id < messageId rule",
				"1 metric/name < event rule", "1 profile/$email < traits.email rule",
				"1 properties/Price < properties.products[1].price renamed", "1 properties/size < properties.products[1].size custom",
				"1 properties/OrderId < properties.order_id renamed", "1 unique_id < messageId rule", "1 value < properties.products[1].price rule",
			},
		},
		{
			name:  "rETL",
			event: `{"type":"identify","context":{"mappedToDestination":true,"externalId":[{"id":"ana@example.com","identifierType":"email"}]},"traits":{"age":3}}`,
			cfg:   mapper.Config{ListID: "L1"},
			want: []string{
				"0 email < context.externalId[0].id rule", "0 properties/age < traits.age custom",
				"1 <  rule", "1 list_id < config.listId rule", "1 subscriptions/0/channels/email < config.consent rule",
				"1 subscriptions/0/email < context.externalId[0].id rule",
			},
		},
		{
			name:  "a channel without its identifier",
			event: `{"type":"identify","traits":{"email":"ana@example.com","properties":{"subscribe":true,"smsConsent":true}}}`,
			cfg:   mapper.Config{ListID: "L1"},
			want: []string{
				"0 email < traits.email rule",
				"1 < traits.properties.subscribe rule", "1 list_id < config.listId rule", "1 subscriptions/0/channels/email < config.consent rule",
				"1 subscriptions/0/email < traits.email rule",
			},
			unused: []string{"traits.properties.smsConsent no_identifier"},
		},
		{
			name:  "group",
			event: `{"type":"group","groupId":"L2","traits":{"email":"ana@example.com","subscribe":false,"name":"Example"}}`,
			cfg:   mapper.Config{Unsubscribe: new(true)},
			want:  []string{"0 < traits.subscribe rule", "0 emails < traits.email rule", "0 list_id < groupId rule"}, unused: []string{"traits.name no_place"},
		},
		{
			name: "an identify of the served revision",
			event: `{"type":"identify","userId":"u-1","anonymousId":"x","request_ip":"192.0.2.7","traits":{"phone":"+12025550147","title":"Dr.","city":"Graz","plan":"gold","old":1,"skus":["a"],"tags":"b","properties":{"subscribe":true,"listId":"L1","smsConsent":true}},
				"context":{"externalId":[{"id":"x","type":"y"},{"id":"K1","type":"klaviyo-profileId"}]},"integrations":{"Klaviyo":{"fieldsToUnset":["old"],"fieldsToAppend":["skus"],"fieldsToUnappend":["tags"]}}}`,
			cfg: mapper.Config{Revision: served},
			want: []string{
				"0 external_id < userId rule",
				"0 location/city < traits.city rule",
				"0 location/ip < request_ip rule",
				"0 phone_number < traits.phone rule",
				"0 properties/plan < traits.plan custom",
				"0 title < traits.title rule",
				"0 /data/id < context.externalId[1].id rule",
				"0 /data/meta/patch_properties/append/skus < traits.skus custom",
				"0 /data/meta/patch_properties/unappend/tags < traits.tags custom",
				"0 /data/meta/patch_properties/unset < integrations.Klaviyo.fieldsToUnset rule",
				"1 < traits.properties.subscribe rule",
				"1 profiles/data/0/attributes/phone_number < traits.phone rule",
				"1 profiles/data/0/attributes/subscriptions/sms/marketing/consent < traits.properties.smsConsent rule",
				"1 profiles/data/0/id < context.externalId[1].id rule",
				"1 /data/relationships/list/data/id < traits.properties.listId rule",
			},
			unused: []string{"anonymousId no_place", "traits.old decided"},
		},
		{
			name: "an event of the served revision",
			event: `{"type":"track","event":"Read","anonymousId":"x","messageId":"m-1","timestamp":"2026-03-01T09:30:00Z","context":{"ip":"192.0.2.7"},
				"traits":{"email":"ana@example.com","firstName":"Ana","consent":["email"],"plan":{"a":1}},"properties":{"value":1,"currency":"EUR","pages":{"n":7}}}`,
			cfg: mapper.Config{Revision: served, HistoricalImport: true, FlattenProperties: true},
			want: []string{
				"0 backfill < config.historicalImport rule",
				"0 metric/data/attributes/name < event rule",
				"0 profile/data/attributes/anonymous_id < anonymousId rule",
				"0 profile/data/attributes/email < traits.email rule",
				"0 profile/data/attributes/first_name < traits.firstName rule",
				"0 profile/data/attributes/properties/$consent < traits.consent rule",
				"0 profile/data/attributes/properties/consent < traits.consent custom",
				"0 profile/data/attributes/properties/plan.a < traits.plan.a flattened",
				"0 properties/currency < properties.currency custom",
				"0 properties/pages.n < properties.pages.n flattened",
				"0 time < timestamp rule",
				"0 unique_id < messageId rule",
				"0 value < properties.value rule",
				"0 value_currency < properties.currency rule",
			},
			unused: []string{"context.ip no_place"},
		},
		{
			name:  "an unsubscription of the served revision",
			event: `{"type":"group","groupId":"L2","traits":{"email":"ana@example.com","phone":"+12025550147","subscribe":false,"consent":"email"}}`,
			cfg:   mapper.Config{Revision: served},
			want: []string{
				"0 < traits.subscribe rule",
				"0 profiles/data/0/attributes/email < traits.email rule",
				"0 profiles/data/0/attributes/phone_number < traits.phone rule",
				"0 profiles/data/0/attributes/subscriptions/email/marketing/consent < traits.consent rule",
				"0 /data/relationships/list/data/id < groupId rule",
			},
		},
		{
			name:  "an alias",
			event: `{"type":"alias","userId":"K1","previousId":"K2","context":{"externalId":[{"id":"K2","type":"klaviyo-profileId"},{"id":"K1","type":"klaviyo-profileId"}]}}`,
			cfg:   mapper.Config{Revision: served, MergeOnAlias: true},
			want:  []string{"0 /data/id < userId rule", "0 /data/relationships/profiles/data/0/id < previousId rule"},
		},
		{
			name: "an error", event: `{"type":"track","event":"x","userId":"u-1","properties":{"a":1}}`,
			unused: []string{"unsendable"},
		},
		{
			name: "an error in what was mapped", event: `{"type":"track","event":"x","timestamp":"never","traits":{"email":"ana@example.com"}}`,
			unused: []string{"unsendable"},
		},
		{name: "no event", event: `[]`, unused: []string{"unsendable"}},
		{name: "skipped", event: `{"type":"page","userId":"u-1"}`, unused: []string{"skipped"}},
		{
			name: "filtered", event: `{"type":"track","event":"x","traits":{"email":"ana@example.com"}}`,
			cfg:    mapper.Config{EventFilteringOption: mapper.EventFilteringWhitelist},
			unused: []string{"skipped"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e, _ := newMapper(t, tt.cfg).Explain([]byte(tt.event))
			var fields, unused []string
			for _, f := range e.Fields {
				pointer := strings.TrimPrefix(f.Pointer, "/"+shop)
				fields = append(fields, strings.ReplaceAll(strings.Join([]string{string(rune('0' + f.Request)), pointer, "<", f.Path, string(f.Why)}, " "), "  < ", " < "))
			}
			for _, u := range e.Unused {
				unused = append(unused, strings.TrimSpace(u.Path+" "+string(u.Why)+" "+u.Instead))
			}
			if diff := cmp.Diff(tt.want, fields); diff != "" {
				t.Errorf("fields, want -, got +:\n%s", diff)
			}
			if diff := cmp.Diff(tt.unused, unused); diff != "" {
				t.Errorf("unused, want -, got +:\n%s", diff)
			}
		})
	}
}

// TestExplainEverything explains the golden cases and random events: the result is
// Map's, each field has an origin that is there, and each value of the event is either
// the origin of a field or named as unused.
func TestExplainEverything(t *testing.T) {
	t.Parallel()
	for _, event := range goldenEvents(t) {
		for _, revision := range mapper.Revisions() {
			checkExplanation(t, newMapper(t, mapper.Config{SendNulls: true, Revision: revision}), event)
		}
	}
	for i := range 500 {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		m, err := mapper.New(plainConfig(uint16(r.Uint32())))
		if err != nil {
			t.Fatal(err)
		}
		checkExplanation(t, m, randomEvent(r))
	}
}

func checkExplanation(t *testing.T, m *mapper.Mapper, event []byte) {
	t.Helper()
	want, wantErr := m.Map(event)
	got, err := m.Explain(event)
	if (err == nil) != (wantErr == nil) || !reflect.DeepEqual(want, got.Result) {
		t.Fatalf("%s\nMap and Explain differ: %v, %v", event, wantErr, err)
	}
	if err != nil || got.Skipped != "" {
		return
	}
	for _, f := range got.Fields {
		isThere := f.Path == "" || strings.HasPrefix(f.Path, "config.") || strings.Contains(f.Path, "[")
		if !isThere && !standsAt(pairsOf(event), f.Path) {
			t.Fatalf("%s\n%s is said to come from %q, where nothing is", event, f.Pointer, f.Path)
		}
	}
	for i, request := range got.Requests {
		for _, pointer := range leaves(request.AppendBody(nil), "") {
			isExplained := func(f mapper.ExplainedField) bool {
				return f.Request == i && (f.Pointer == pointer || f.Pointer != "" && strings.HasPrefix(pointer, f.Pointer+"/"))
			}
			if !strings.HasSuffix(pointer, "/type") && !slices.ContainsFunc(got.Fields, isExplained) {
				t.Fatalf("%s\n%s of request %d is not explained", event, pointer, i)
			}
		}
	}
	var check func(o pairs, place string)
	check = func(o pairs, place string) {
		for _, p := range o {
			path := place + p.name
			below := func(other string) bool {
				return other == path || strings.HasPrefix(other, path+".") || strings.HasPrefix(other, path+"[")
			}
			switch {
			case slices.Contains([]string{"type", "integrations", "context.mappedToDestination", "context.externalId"}, path):
			case slices.Contains([]string{"traits", "context", "context.traits", "properties"}, path) && kindOf(p.raw) == '{':
				check(pairsOf(p.raw), path+".")
			case kindOf(p.raw) == '{' && len(pairsOf(p.raw)) == 0:
			case slices.ContainsFunc(got.Fields, func(f mapper.ExplainedField) bool { return below(f.Path) }):
			case slices.ContainsFunc(got.Unused, func(u mapper.UnusedField) bool { return below(u.Path) }):
			case slices.ContainsFunc(got.Fields, func(f mapper.ExplainedField) bool { return f.Path == "context.externalId[0].id" }):
			default:
				t.Fatalf("%s\n%s is neither used nor unused", event, path)
			}
		}
	}
	check(pairsOf(event), "")
	for _, u := range got.Unused {
		if slices.ContainsFunc(got.Fields, func(f mapper.ExplainedField) bool { return f.Path == u.Path }) {
			t.Fatalf("%s\n%s is used and unused", event, u.Path)
		}
	}
}

// standsAt follows a dotted path, names with dots in them too.
func standsAt(o pairs, path string) bool {
	for _, p := range o {
		if p.name == path {
			return true
		}
		if rest, ok := strings.CutPrefix(path, p.name+"."); ok && standsAt(pairsOf(p.raw), rest) {
			return true
		}
	}
	return false
}

// leaves are the pointers of all values in a body that aren't objects or lists, but for
// lists of constants.
func leaves(raw json.RawMessage, pointer string) (pointers []string) {
	switch kindOf(raw) {
	case '{':
		for _, p := range pairsOf(raw) {
			name := strings.NewReplacer("~", "~0", "/", "~1").Replace(p.name)
			pointers = append(pointers, leaves(p.raw, pointer+"/"+name)...)
		}
	case '[':
		for i, v := range listOf(raw) {
			pointers = append(pointers, leaves(v, fmt.Sprintf("%s/%d", pointer, i))...)
		}
	default:
		return []string{pointer}
	}
	return pointers
}
