package doctor

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

var today = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// healthy are facts that no check finds fault with.
func healthy() *Facts {
	f := &Facts{now: today, Subject: Subject{
		Key: testKey, KeySetting: "KLAVIYO_API_KEY", Mapping: mapper.Config{ListID: "L1"},
		Revision: Revision{Name: "2026-07-15", Until: "2028-07-15"}, Bulk: true,
	}}
	f.account.value = account{id: "ABC123", name: "Shop", timeZone: "Europe/Oslo", currency: "NOK"}
	f.metrics.value = metrics("Ping")
	f.lists = []listRead{listOf("L1", "single_opt_in")}
	f.answers = []answer{answered(100, 99, 1, today)}
	return f
}

// metrics are those of the names, which may have a source after an @.
func metrics(names ...string) (all []metric) {
	for _, name := range names {
		name, source, isShops := strings.Cut(name, "@")
		if !isShops {
			source = fromAPI
		}
		all = append(all, metric{name: name, source: source})
	}
	return all
}

func manyMetricsOf(n int) []metric {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("M", i)
	}
	return metrics(names...)
}

func listOf(id, optIn string) listRead {
	return listRead{id, read[list]{value: list{name: "News", optIn: optIn}}}
}

// answered is a response that got here at a time, with its date a second before.
func answered(limit, remaining, attempts int, date time.Time) answer {
	header := http.Header{"Date": {date.Format(http.TimeFormat)}}
	return answer{operation: klaviyo.OperationGetList, sent: today, got: today.Add(time.Second),
		ResponseInfo: runtime.ResponseInfo{Limit: limit, Remaining: remaining, Attempts: attempts, Reset: 30 * time.Second, Header: header}}
}

func itemsOf(metric, fields string, err error) itemsRead {
	items := itemsRead{metric: metric}
	items.value, items.err = []byte(`{"Items":[`+fields+`],"Items count":1}`), err
	return items
}

func withEvents(metrics, lists map[string]int, sms int) func(*Facts) {
	return func(f *Facts) {
		f.Events = NewEvents()
		f.Events.total, f.Events.sms = 9, sms
		f.Events.metrics, f.Events.lists = metrics, lists
	}
}

// TestChecks has each check's every outcome.
func TestChecks(t *testing.T) {
	refused := allRefused(t)
	const (
		guideItem   = `{"ProductID":"1","Price":1,"URL":"u","ImageURL":"i"}`
		klaviyoItem = `{"ProductID":"1","ItemPrice":1,"ProductURL":"u","ImageURL":"i"}`
	)
	all := func(set ...func(*Facts)) func(*Facts) {
		return func(f *Facts) {
			for _, s := range set {
				s(f)
			}
		}
	}
	rows := []struct {
		check string
		set   func(*Facts)
		want  string // ok, warning or failure, then what the text and the advice have, each after a slash
	}{
		{"config", func(f *Facts) {}, "ok/all settings have their defaults"},
		{"config", func(f *Facts) { f.Settings = []Setting{{"listId", "L1", "--list-id"}} }, "ok/listId is L1 (--list-id)"},
		{"config", func(f *Facts) { f.Problems = []error{errors.New("x.yaml: line 2: unknown key")} }, "failure/line 2: unknown key/Correct it"},

		{"events", withEvents(nil, nil, 0), "ok/all 9 events"},
		{"events", all(withEvents(nil, nil, 0), func(f *Facts) { f.Events.unsendable = 2 }), "warning/2 of 9 events/plan"},
		{"events", all(withEvents(nil, nil, 0), func(f *Facts) { f.Events.total = 0 }), "warning/no events"},

		{"key", func(f *Facts) {}, "ok/account Shop (ABC123), time zone Europe/Oslo, currency NOK"},
		{"key", func(f *Facts) { f.account.value.isTest = true }, "ok/for tests"},
		{"key", func(f *Facts) { f.Key = "" }, "failure/no private API key/KLAVIYO_API_KEY"},
		{"key", func(f *Facts) { f.Key = "AbC123" }, "failure/KLAVIYO_API_KEY: this is the account's public key/API keys"},
		{"key", func(f *Facts) { f.Key = "other" }, "warning/doesn't begin with pk_/private key"},
		{"key", func(f *Facts) { f.account.err = refused.key }, "failure/Klaviyo refuses the key (get_accounts: status 401, code c, request id 1)/Make a private key"},
		{"key", func(f *Facts) { f.account.err = refused.paid }, "failure/isn't paid for/plan and bills"},
		{"key", func(f *Facts) { f.account.err = refused.scope }, "warning/Klaviyo takes the key, but/accounts:read"},
		{"key", func(f *Facts) { f.account.err = refused.page }, "failure/isn't Klaviyo's/proxy"},
		{"key", func(f *Facts) { f.account.err = refused.dead }, "failure/can't be reached/HTTPS_PROXY"},
		{"key", func(f *Facts) { f.account.err = refused.down }, "failure/isn't available/later"},
		{"key", func(f *Facts) { f.account.err = refused.limited }, "warning/not checked: Klaviyo's rate limit is used up/other program"},
		{"key", func(f *Facts) { f.account.err = refused.retired }, "warning/not checked: Klaviyo doesn't serve the revision (get_accounts: status 410"},
		{"key", func(f *Facts) { f.account.err = refused.slow }, "warning/not checked: Klaviyo answers too slowly (get_accounts: no answer in time)/network"},
		{"key", func(f *Facts) { f.account.err = refused.gateway }, "failure/a gateway or a proxy refuses the call (get_accounts: status 403)/firewall"},
		{"key", func(f *Facts) { f.account.err = refused.proxy }, "failure/the proxy asks for a user and a password/HTTPS_PROXY"},
		{"key", func(f *Facts) { f.account.err = refused.untrusted }, "failure/no connection that can be trusted: get_accounts: /unknown authority/SSL_CERT_FILE"},
		{"key", all(func(f *Facts) { f.account.err = refused.limited; f.answers[0].succeeded = true }), "warning/Klaviyo takes the key, but/rate limit"},
		{"key", all(func(f *Facts) { f.account.err = refused.retired; f.answers[0].succeeded = true }), "warning/Klaviyo takes the key, but/revision"},
		{"key", func(f *Facts) { f.account.value = account{} }, "warning/shows no account"},

		{"scopes", func(f *Facts) {}, "ok/may write (events:write, profiles:write, lists:write, subscriptions:write)"},
		{"scopes", func(f *Facts) { f.account.err = refused.scope }, "warning/accounts:read: a delivery doesn't need it"},
		{"scopes", func(f *Facts) { f.metrics.err = refused.scope }, "warning/can't look at the metrics"},
		{"scopes", func(f *Facts) { f.lists[0].err = refused.scope }, "warning/can't look at the lists"},
		{"scopes", func(f *Facts) { f.items = []itemsRead{itemsOf("M", "", refused.items)} }, "warning/events:read/compare the fields"},
		{"scopes", func(f *Facts) { f.jobs.err = refused.jobs }, "failure/lists:read and profiles:read/can't follow the jobs/--bulk never"},
		{"scopes", func(f *Facts) { f.jobs.err = refused.down }, "warning/not checked: Klaviyo isn't available"},
		{"scopes", func(f *Facts) { f.account.err = refused.limited }, "warning/not checked: Klaviyo's rate limit is used up"},
		{"scopes", func(f *Facts) { f.metrics.err = refused.down }, "warning/not checked: Klaviyo isn't available"},
		{"scopes", func(f *Facts) { f.lists[0].err = refused.list }, "ok/may write"},
		{"scopes", func(f *Facts) { f.account.err = refused.key }, "warning/not checked: Klaviyo refuses the key"},

		{"revision", func(f *Facts) {}, "ok/serves revision 2026-07-15, until 2028-07-15"},
		{"revision", func(f *Facts) { f.Revision.Until = "2027-01-15" }, "warning/until 2027-01-15/release"},
		{"revision", func(f *Facts) { f.Revision.Until, f.Revision.Later = "2026-11-28", "2028-01-15" }, "warning/is answered, though Klaviyo retired it on 2026-11-28/--revision 2028-01-15"},
		{"revision", func(f *Facts) { f.served.err, f.Revision.Later = refused.retired, "2028-01-15" }, "failure/no longer serves revision 2026-07-15/Add --revision 2028-01-15."},
		{"revision", func(f *Facts) { f.served.err = refused.retired }, "failure/no longer serves/Take a release"},
		{"revision", func(f *Facts) { f.served.err = refused.dead }, "warning/not checked: Klaviyo can't be reached; by its date, Klaviyo serves"},
		{"revision", func(f *Facts) { f.served.err, f.Revision.Until = refused.scope, "2025-02-22" }, "warning/not checked/retired revision 2026-07-15 on 2025-02-22"},

		{"lists", func(f *Facts) {}, "ok/list News (L1), which listId names, has single opt-in"},
		{"lists", func(f *Facts) { f.Mapping.ListID, f.lists = "", nil }, "ok/config names no list"},
		{"lists", all(withEvents(nil, nil, 0), func(f *Facts) { f.Mapping.ListID, f.lists = "", nil }), "ok/neither the config nor the events"},
		{"lists", func(f *Facts) { f.lists[0] = listOf("L1", "double_opt_in") }, "warning/double opt-in: Klaviyo mails each person/add --historical-import, or set the list"},
		{"lists", func(f *Facts) { f.lists[0] = listOf("L1", "double_opt_in"); f.Revision.Name = "2023-02-22" }, "warning/If they have consented already, set the list to single opt-in."},
		{"lists", func(f *Facts) { f.lists[0] = listOf("L1", "double_opt_in"); f.Mapping.HistoricalImport = true }, "ok/nobody gets a mail"},
		{"lists", func(f *Facts) { f.lists[0] = listOf("L1", "") }, "warning/doesn't show how people join"},
		{"lists", func(f *Facts) { f.lists[0].err = refused.list }, "failure/no list L1, which listId names/Correct the id"},
		{"lists", func(f *Facts) { f.lists[0].err = refused.down }, "warning/list L1 not checked"},
		{"lists", all(withEvents(nil, map[string]int{"L1": 4}, 0)), "ok/listId names (subscriptions: 4)"},
		{"lists", all(withEvents(nil, map[string]int{"L2": 3}, 0), func(f *Facts) { f.lists = []listRead{listOf("L2", "single_opt_in")}; f.Mapping.ListID = "" }), "ok/which the events name (subscriptions: 3)"},
		{"lists", all(withEvents(nil, map[string]int{"L2": 3}, 0), func(f *Facts) { f.lists[0].err = refused.list }), "failure/no list L1/Correct"},
		{"lists", all(withEvents(nil, map[string]int{"L2": 3}, 0)), "warning/not checked: 1 more lists"},

		{"sms", func(f *Facts) {}, "ok/nothing asks for consent"},
		{"sms", func(f *Facts) { f.Mapping.Consent = []mapper.Channel{mapper.ChannelSMS} }, "warning/the settings ask for consent to SMS. The API doesn't show whether/Settings, SMS"},
		{"sms", func(f *Facts) { f.Mapping.SMSConsent = new(true) }, "warning/the settings ask"},
		{"sms", func(f *Facts) {
			f.Mapping.SMSConsent, f.Mapping.Consent = new(false), []mapper.Channel{mapper.ChannelSMS}
		}, "ok/nothing asks for consent"},
		{"sms", all(withEvents(nil, nil, 2), func(f *Facts) { f.metrics.value = metrics("Received SMS@Klaviyo") }), "warning/2 of the events ask/has used SMS: it has the metric Received SMS"},

		{"metrics", func(f *Facts) {}, "ok/has 1 of 200 metrics"},
		{"metrics", withEvents(map[string]int{"Ping": 1}, nil, 0), "ok/make no new one"},
		{"metrics", withEvents(map[string]int{"Ping": 1, "New": 2, "ping": 1}, nil, 0), "ok/would make 2: New, ping"},
		{"metrics", func(f *Facts) { f.metrics.value = manyMetricsOf(180) }, "warning/180 of 200/metricNames"},
		{"metrics", func(f *Facts) { f.metrics.value = manyMetricsOf(200) }, "warning/200 of 200"},
		{"metrics", all(withEvents(map[string]int{"New": 1}, nil, 0), func(f *Facts) { f.metrics.value = manyMetricsOf(200) }), "failure/would make 1: New; Klaviyo refuses/eventFilteringOption"},
		{"metrics", all(withEvents(map[string]int{"New": 1}, nil, 0), func(f *Facts) { f.metrics.value = manyMetricsOf(199) }), "warning/199 of 200"},
		{"metrics", func(f *Facts) { f.metrics.err = refused.scope }, "warning/not checked"},

		{"metric names", func(f *Facts) {}, "ok/no metric would stand beside"},
		{"metric names", func(f *Facts) { f.Mapping.MetricNames = []mapper.MetricName{{EventName: "a", MetricName: "Ping"}} }, "ok/no metric"},
		{"metric names", func(f *Facts) { f.Mapping.MetricNames = []mapper.MetricName{{EventName: "a", MetricName: "Pong"}} }, "warning/metricNames gives Pong, which the account doesn't have/correct the name"},
		{"metric names", func(f *Facts) { f.Mapping.MetricNames = []mapper.MetricName{{EventName: "a", MetricName: "ping"}} }, "warning/ping would be a new metric beside Ping, which differs in case"},
		{"metric names", all(withEvents(map[string]int{"Placed Order": 1}, nil, 0), func(f *Facts) { f.metrics.value = metrics("Placed Order@Shopify") }), "warning/Placed Order would be a new metric beside Placed Order, whose events come from Shopify/flows"},
		{"metric names", all(withEvents(map[string]int{"Placed Order": 1}, nil, 0), func(f *Facts) { f.metrics.value = metrics("Placed Order@Shopify", "Placed Order") }), "ok/no metric"},
		{"metric names", func(f *Facts) { f.metrics.err = refused.dead }, "warning/not checked"},

		{"item fields", func(f *Facts) {}, "ok/no events with items"},
		{"item fields", func(f *Facts) { f.items = []itemsRead{itemsOf("Started Checkout", guideItem, nil)} }, "ok/have the fields of the account's latest events"},
		{"item fields", func(f *Facts) { f.items = []itemsRead{itemsOf("Started Checkout", klaviyoItem, nil)} }, "warning/Started Checkout has the fields of itemFields: klaviyo, and not those of guide/--item-fields klaviyo"},
		{"item fields", func(f *Facts) {
			f.items, f.Mapping.ItemFields = []itemsRead{itemsOf("Started Checkout", guideItem, nil)}, mapper.ItemFieldsKlaviyo
		}, "warning/itemFields: guide, and not those of klaviyo"},
		{"item fields", func(f *Facts) { f.items = []itemsRead{itemsOf("Started Checkout", "", nil)} }, "ok/no events with items"},
		{"item fields", func(f *Facts) { f.items = []itemsRead{itemsOf("Started Checkout", "", refused.items)} }, "warning/Started Checkout not checked: the key lacks the scope events:read"},
		{"item fields", func(f *Facts) { f.metrics.err = refused.dead }, "warning/not checked"},

		{"limits", func(f *Facts) {}, "ok/no other program has called"},
		{"limits", func(f *Facts) { f.answers = nil }, "warning/not checked"},
		{"limits", func(f *Facts) { f.answers = []answer{answered(100, 97, 2, today)} }, "ok/get_list has 97 of 100 calls left for 30 seconds; another program, or an earlier run, has made 1"},
		{"limits", func(f *Facts) { f.answers = []answer{answered(100, 40, 2, today)} }, "warning/uses the account's limits: get_list has 40 of 100/Stop the other program/--quota-share"},
		{"limits", func(f *Facts) { f.rateLimited = 3 }, "warning/answered calls with 429 (3)/Stop the other program/--quota-share"},
		{"limits", all(func(f *Facts) { f.answers = []answer{answered(100, 40, 2, today)}; f.rateLimited = 3 }), "warning/get_list has 40 of 100"},

		{"clock", func(f *Facts) {}, "ok/agrees"},
		{"clock", func(f *Facts) { f.answers = []answer{answered(1, 1, 1, today.Add(5*time.Second))} }, "ok/agrees"},
		{"clock", func(f *Facts) { f.answers = []answer{answered(1, 1, 1, today.Add(-time.Hour))} }, "warning/ahead of Klaviyo's by 1h0m0s/NTP"},
		{"clock", func(f *Facts) { f.answers = []answer{answered(1, 1, 1, today.Add(time.Hour))} }, "warning/behind Klaviyo's by 59m59s/NTP"},
		{"clock", func(f *Facts) { f.answers = nil }, "warning/not checked"},
	}
	tried := map[string]bool{}
	for _, tt := range rows {
		outcome, _, _ := strings.Cut(tt.want, "/")
		tried[tt.check+" "+outcome] = true
		t.Run(tt.check+" "+tt.want, func(t *testing.T) {
			f := healthy()
			tt.set(f)
			parts := strings.Split(tt.want, "/")
			for _, found := range Examine(f).Findings {
				if found.Check != tt.check || string(found.Outcome) != parts[0] {
					continue
				}
				missing := false
				for _, part := range parts[1:] {
					missing = missing || !strings.Contains(found.Text+" "+found.Advice, part)
				}
				if !missing {
					return
				}
			}
			t.Errorf("found %+v", Examine(f).Findings)
		})
	}
	for _, c := range checks {
		for outcome, never := range map[Outcome][]string{OK: nil, Warning: neverWarn, Failure: neverFail} {
			if key := c.name + " " + string(outcome); tried[key] == slices.Contains(never, c.name) {
				t.Errorf("%s has a row: %t", key, tried[key])
			}
		}
	}
}

// neverFail and neverWarn are the checks that have no such outcome: what they look at keeps no
// delivery from working, or keeps each.
var (
	neverFail = []string{"events", "sms", "metric names", "item fields", "limits", "clock"}
	neverWarn = []string{"config"}
)

// TestTextWidth cuts names and values where a width says so, and only there.
func TestTextWidth(t *testing.T) {
	long := strings.Repeat("ab", 60)
	for width, want := range map[int]string{0: long, 21: "ababababab…ababababab"} {
		f := healthy()
		f.TextWidth = width
		f.account.value.name, f.lists[0].value.name = long, long
		f.Settings = []Setting{{"listId", long, "flag"}}
		found := map[string]string{}
		for _, finding := range Examine(f).Findings {
			found[finding.Check] += finding.Text
		}
		for check, text := range map[string]string{"key": "account " + want + " (ABC123)", "lists": "list " + want + " (L1)", "config": "listId is " + want + " (flag)"} {
			if !strings.Contains(found[check], text) {
				t.Errorf("with width %d, %s lacks %q: %s", width, check, text, found[check])
			}
		}
	}
}

// TestHealthyFactsAreFine holds that the rows above fail by what they set.
func TestHealthyFactsAreFine(t *testing.T) {
	for _, found := range Examine(healthy()).Findings {
		if found.Outcome != OK {
			t.Errorf("%+v", found)
		}
	}
}

// TestObstacles are failures of the first checks that don't pass by themselves.
func TestObstacles(t *testing.T) {
	refused := allRefused(t)
	for name, tt := range map[string]struct {
		set  func(*Facts)
		want int
	}{
		"none":             {func(f *Facts) {}, 0},
		"key refused":      {func(f *Facts) { f.account.err = refused.key }, 1},
		"page of a proxy":  {func(f *Facts) { f.account.err = refused.page }, 1},
		"no network":       {func(f *Facts) { f.account.err = refused.dead }, 0},
		"server down":      {func(f *Facts) { f.account.err = refused.down }, 0},
		"limits used up":   {func(f *Facts) { f.account.err = refused.limited }, 0},
		"slow":             {func(f *Facts) { f.account.err = refused.slow }, 0},
		"gateway":          {func(f *Facts) { f.account.err = refused.gateway }, 0},
		"untrusted":        {func(f *Facts) { f.account.err = refused.untrusted }, 1},
		"proxy's password": {func(f *Facts) { f.account.err = refused.proxy }, 1},
		"scope is missing": {func(f *Facts) { f.account.err = refused.scope }, 0},
		"revision retired": {func(f *Facts) { f.served.err = refused.retired }, 1},
		"doctor's own is":  {func(f *Facts) { f.account.err = refused.retired }, 0},
		"list missing":     {func(f *Facts) { f.lists[0].err = refused.list }, 1},
		"metrics full":     {func(f *Facts) { f.metrics.value = manyMetricsOf(200) }, 0},
		"two":              {func(f *Facts) { f.lists[0].err, f.served.err = refused.list, refused.retired }, 2},
	} {
		f := healthy()
		tt.set(f)
		if got := Obstacles(f); len(got) != tt.want {
			t.Errorf("%s: %+v, want %d", name, got, tt.want)
		}
	}
}
