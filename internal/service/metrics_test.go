package service

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// promised are the metrics that operators rely on, with their labels beside the account.
var promised = map[string][]string{
	"ingest_requests_total":   {"code"},
	"ingest_events_total":     nil,
	"ingest_ack_seconds":      nil,
	"backlog_events":          nil,
	"backlog_bytes":           nil,
	"backlog_full":            nil,
	"oldest_undone_seconds":   nil,
	"delivered_total":         nil,
	"dead_letters_total":      {"code"},
	"calls_total":             {"operation", "status"},
	"call_seconds":            {"operation"},
	"quota_remaining":         {"operation", "window"},
	"quota_wait_seconds":      {"operation"},
	"owner":                   nil,
	"lease_renew_seconds":     nil,
	"ownership_changes_total": nil,
	"account_paused":          {"reason"},
	"redelivered_total":       nil,
	"repeated_total":          nil,
}

// scrape returns the labels of each metric that a service has, by its name. A histogram's are
// those of its buckets.
func scrape(t *testing.T, s *Service) (text string, labels map[string][]string) {
	t.Helper()
	w := httptest.NewRecorder()
	s.Metrics().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text, labels = w.Body.String(), map[string][]string{}
	for _, sample := range regexp.MustCompile(`(?m)^rudderklaviyo_(\w+)\{([^}]*)\} (\S+)$`).FindAllStringSubmatch(text, -1) {
		name := sample[1]
		for _, label := range regexp.MustCompile(`(\w+)="`).FindAllStringSubmatch(sample[2], -1) {
			if !slices.Contains(labels[name], label[1]) {
				labels[name] = append(labels[name], label[1])
			}
		}
	}
	return text, labels
}

// busy is a service in which all that is counted has happened.
func busy(t *testing.T) *served {
	t.Helper()
	eu, us := testAccount("eu"), testAccount("us")
	us.Key = "pk_wrong"
	s := serve(t, t.TempDir(), eu, us)
	s.send(t, "eu", track(1, 1))
	s.send(t, "eu", `{"type":"track","event":"Ping","userId":"7"}`)
	s.send(t, "us", track(1, 1))
	s.metrics.Ingested("eu", http.StatusOK, 2, time.Millisecond)
	s.metrics.Ingested("", http.StatusUnauthorized, 0, 0)
	eventually(t, "all is counted", func() bool {
		return s.arrived("eu") == 1 && s.statusOf(t, "eu").DeadLetterCount() == 1 && s.statusOf(t, "us").Pause != nil && s.statusOf(t, "eu").Backlog.Events == 0
	})
	return s
}

// TestMetrics holds the metrics to their names and labels, and the dashboard to the metrics.
func TestMetrics(t *testing.T) {
	s := busy(t)
	text, labels := scrape(t, s.Service)
	for name, want := range promised {
		got, ok := labels[name]
		if buckets, is := labels[name+"_bucket"]; is {
			got, ok = buckets, true
		}
		got = slices.DeleteFunc(slices.Clone(got), func(label string) bool { return label == "account" || label == "le" })
		slices.Sort(got)
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s has the labels %v, want %v (there: %t)", name, got, want, ok)
		}
	}
	if !regexp.MustCompile(`(?m)^rudderklaviyo_lease_renew_seconds_count\{account="eu"\} [1-9]`).MatchString(text) {
		t.Error("no renewal is timed")
	}
	if strings.Contains(text, "example.com") || strings.Contains(text, "pk_") {
		t.Error("the metrics show a person or a key")
	}

	content, err := os.ReadFile("../../docs/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr, LegendFormat string }
		}
	}
	if err := json.Unmarshal(content, &dashboard); err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			names := regexp.MustCompile(`rudderklaviyo_(\w+)`).FindAllStringSubmatch(target.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s: %s has no metric", panel.Title, target.Expr)
			}
			for _, name := range names {
				if labels[name[1]] == nil {
					t.Errorf("%s: there is no metric rudderklaviyo_%s", panel.Title, name[1])
				}
				shown[strings.TrimSuffix(name[1], "_bucket")] = true
				for _, asked := range askedLabels(target.Expr, target.LegendFormat) {
					if !slices.Contains(labels[name[1]], asked) && len(names) == 1 {
						t.Errorf("%s: rudderklaviyo_%s has no label %s", panel.Title, name[1], asked)
					}
				}
			}
		}
	}
	page, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range labels {
		name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/admin.md doesn't tell of %s", name)
		}
	}
	for name := range promised {
		if !shown[name] {
			t.Errorf("the dashboard doesn't show %s", name)
		}
	}
}

// askedLabels are those that a query matches, keeps and shows.
func askedLabels(query, legend string) (asked []string) {
	for _, kept := range regexp.MustCompile(`by \(([^)]*)\)`).FindAllStringSubmatch(query, -1) {
		asked = append(asked, strings.Split(kept[1], ", ")...)
	}
	for _, used := range append(regexp.MustCompile(`[{,] ?(\w+)=~?"`).FindAllStringSubmatch(query, -1), regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(legend, -1)...) {
		asked = append(asked, used[1])
	}
	return asked
}

// TestReasons checks that Reasons has the reason of one letter for each code, without what may
// quote the event, and no code that no letter has.
func TestReasons(t *testing.T) {
	s := busy(t)
	s.send(t, "eu", `no event`)
	eventually(t, "the dead letters are kept", func() bool { return s.statusOf(t, "eu").DeadLetterCount() == 2 })
	for range 2 { // the second time from memory
		got, err := s.Reasons(t.Context(), "eu")
		if err != nil || len(got) != 2 {
			t.Fatalf("%v, %v", got, err)
		}
		if r := got["missing_identifier"]; r.Code != "missing_identifier" || !strings.Contains(r.Message, "no email and no phone number") {
			t.Errorf("%+v", r)
		}
		if r := got["invalid_json"]; !strings.Contains(r.Message, "invalid JSON") {
			t.Errorf("%+v", r)
		}
	}
	for letter, err := range s.account("eu").kept.Letters(t.Context(), "invalid_json", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.account("eu").kept.DeleteLetters(t.Context(), letter.ID); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := s.Reasons(t.Context(), "eu"); err != nil || len(got) != 1 || got["missing_identifier"].Code == "" {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := s.Reasons(t.Context(), "none"); err != ErrNoAccount {
		t.Error(err)
	}
}

// TestMetricsWithoutTheStore tell no backlog of 0, and what the service knows by itself.
func TestMetricsWithoutTheStore(t *testing.T) {
	s := serve(t, t.TempDir(), testAccount("eu"))
	if err := s.engine.Close(); err != nil {
		t.Fatal(err)
	}
	_, labels := scrape(t, s.Service)
	for name, want := range map[string]bool{
		"backlog_events": false, "backlog_bytes": false, "backlog_full": false, "oldest_undone_seconds": false, "dead_letters": false,
		"backlog_max_bytes": true, "owner": true, "delivered_total": true,
	} {
		if got := labels[name] != nil; got != want {
			t.Errorf("%s is there: %t", name, got)
		}
	}
}

// TestMetricConventions holds names and help texts to what Prometheus expects: counters end in
// _total, nothing else does, times are in seconds, and each says what it is in a sentence.
func TestMetricConventions(t *testing.T) {
	text, _ := scrape(t, busy(t).Service)
	help := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^# HELP (rudderklaviyo_\w+) (.*)$`).FindAllStringSubmatch(text, -1) {
		help[line[1]] = line[2]
	}
	for _, line := range regexp.MustCompile(`(?m)^# TYPE (rudderklaviyo_\w+) (\w+)$`).FindAllStringSubmatch(text, -1) {
		name, kind, says := line[1], line[2], help[line[1]]
		if strings.HasSuffix(name, "_total") != (kind == "counter") {
			t.Errorf("%s is a %s", name, kind)
		}
		if kind == "histogram" && !strings.HasSuffix(name, "_seconds") {
			t.Errorf("the histogram %s has no unit", name)
		}
		if regexp.MustCompile(`_(ms|milliseconds|minutes|kb|mb|percent)\b`).MatchString(name) {
			t.Errorf("%s isn't in a base unit", name)
		}
		if !regexp.MustCompile(`^[A-Z1].{10,}\.$`).MatchString(says) {
			t.Errorf("the help of %s is %q", name, says)
		}
		if strings.HasSuffix(name, "_seconds") && !strings.Contains(says, "seconds") {
			t.Errorf("the help of %s doesn't say the unit: %q", name, says)
		}
	}
	// The table of the guide has these metrics and no others.
	page, err := os.ReadFile("../../docs/admin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(page), "\n## Metrics\n")
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(table, -1) {
		for _, name := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(row[1], -1) {
			if help["rudderklaviyo_"+name[1]] == "" {
				t.Errorf("docs/admin.md has the metric %s, which there isn't", name[1])
			}
		}
	}
}
