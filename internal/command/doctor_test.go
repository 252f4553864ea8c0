package command

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/doctor"
	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

const laterRevision = "--revision=2026-07-15"

// checkOnlyRead fails if anything but a GET has reached an account.
func checkOnlyRead(t *testing.T, k *klaviyotest.Klaviyo) {
	t.Helper()
	for _, r := range k.Requests() {
		if r.Method != http.MethodGet {
			t.Errorf("%s %s reached Klaviyo", r.Method, r.Path)
		}
	}
}

func TestDoctorsStatus(t *testing.T) {
	for _, tt := range []struct {
		name    string
		options []klaviyotest.Option
		args    []string
		status  int
		stderr  string
		stdout  []string
	}{
		{"all is well", []klaviyotest.Option{klaviyotest.WithList("L1", "News")}, []string{"--list-id=L1"}, statusDone, "",
			[]string{"✓ ", "listId is L1 (--list-id)", "privateApiKey is (not shown) (KLAVIYO_API_KEY)", "account Example Shop (ABC123), time zone Etc/UTC, currency USD", "list News (L1)"}},
		{"warning", []klaviyotest.Option{klaviyotest.WithDoubleOptIn("L1", "News")}, []string{"--list-id=L1"}, statusDeadLetters, "no failures; warnings: 1", []string{"! lists "}},
		{"failure", nil, []string{"--list-id=L1"}, statusStopped, "a delivery would not work: failures: 1, warnings: 0", []string{"✗ lists ", "→ Correct the id"}},
		{"key refused", []klaviyotest.Option{klaviyotest.WithKey("pk_other")}, nil, statusStopped, "failures: 1", []string{"✗ key "}},
		{"simulation", nil, []string{"--simulate"}, statusUsage, "doctor examines an account", nil},
		{"form", nil, []string{"--output=xml"}, statusUsage, "--output must be one of json, table", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New(tt.options...)
			r := account(k).run(t, append([]string{"doctor", laterRevision}, tt.args...)...)
			r.want(t, tt.status, tt.stderr)
			for _, text := range tt.stdout {
				if !strings.Contains(r.stdout, text) {
					t.Errorf("stdout lacks %q:\n%s", text, r.stdout)
				}
			}
			checkOnlyRead(t, k)
		})
	}
}

// TestDoctorReadsEvents and sends none of them.
func TestDoctorReadsEvents(t *testing.T) {
	k := klaviyotest.New(klaviyotest.WithList("L1", "News"))
	s := account(k)
	s.stdin = strings.NewReader(lines(track(1, "m1"), `{"type":"identify","traits":{"email":"a@example.com","properties":{"subscribe":true,"listId":"L9"}}}`, `{"type":`))
	r := s.run(t, "doctor", laterRevision, "--output=json", "-")
	r.want(t, statusStopped)
	var report doctor.Report
	if err := json.Unmarshal([]byte(r.stdout), &report); err != nil {
		t.Fatalf("%v: %s", err, r.stdout)
	}
	texts := map[string]string{}
	for _, f := range report.Findings {
		texts[f.Check] += string(f.Outcome) + " " + f.Text
	}
	for check, want := range map[string]string{
		"events": "warning 1 of 3 events can't be sent", "lists": "failure the account has no list L9, which the events name (subscriptions: 1)", "metrics": "would make 1: ",
	} {
		if !strings.Contains(texts[check], want) {
			t.Errorf("%s: %q, want %q", check, texts[check], want)
		}
	}
	checkOnlyRead(t, k)
	if r := account(k).run(t, "doctor", laterRevision, "nowhere.jsonl"); r.status != statusStopped || !strings.Contains(r.stderr, "nowhere.jsonl") {
		t.Errorf("a file that isn't there: %d %s", r.status, r.stderr)
	}
}

// TestDoctorWithWrongSettings goes on with the key of the environment.
func TestDoctorWithWrongSettings(t *testing.T) {
	file := write(t, "destination.yaml", "listId: L1\nitemFields: none\n")
	for name, args := range map[string][]string{"key in a file": {"--config", file}, "flag": {"--item-fields=none"}, "revision": {"--revision=2020-01-01"}} {
		k := klaviyotest.New()
		r := account(k).run(t, append([]string{"doctor"}, args...)...)
		r.want(t, statusStopped, "a delivery would not work")
		if !strings.Contains(r.stdout, "✗ config") || !strings.Contains(r.stdout, "✓ key") {
			t.Errorf("%s:\n%s", name, r.stdout)
		}
	}
}

// TestDoctorWithoutAKey shows what needs none.
func TestDoctorWithoutAKey(t *testing.T) {
	r := setup{}.run(t, "doctor", laterRevision)
	r.want(t, statusStopped, "failures: 1")
	if !strings.Contains(r.stdout, "✗ key") || !strings.Contains(r.stdout, "there is no private API key") || !strings.Contains(r.stdout, "✓ sms") {
		t.Errorf("%s", r.stdout)
	}
}

// TestReportFits has no line beyond the terminal's, with and without colours.
func TestReportFits(t *testing.T) {
	report := doctor.Report{Findings: []doctor.Finding{
		{Check: "key", Outcome: doctor.OK, Text: strings.Repeat("word ", 40)},
		{Check: "lists", Outcome: doctor.Warning, Text: "short", Advice: strings.Repeat("advice ", 40)},
		{Check: "lists", Outcome: doctor.Failure, Text: "x"},
	}}
	for _, width := range []int{40, 80, 200} {
		var plain, coloured bytes.Buffer
		if err := writeReport(&plain, report, width, false); err != nil {
			t.Fatal(err)
		}
		if err := writeReport(&coloured, report, width, true); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(plain.String()) {
			if n := terminal.Columns(strings.TrimSuffix(line, "\n")); n > width {
				t.Errorf("%d columns of %d: %s", n, width, line)
			}
		}
		bare := coloured.String()
		for _, s := range symbols {
			bare = strings.ReplaceAll(bare, s.colour+s.text+"\x1b[0m", s.text)
		}
		if bare != plain.String() {
			t.Errorf("the colours are more than the symbols':\n%q\n%q", bare, plain.String())
		}
	}
	seen := map[string]bool{}
	for _, s := range symbols {
		if seen[s.text] || len(s.text) == 0 {
			t.Errorf("the symbol %q stands for two outcomes", s.text)
		}
		seen[s.text] = true
	}
}

// TestDoctorCutsNothingInAPipe neither cuts nor breaks a name or a value of a setting.
func TestDoctorCutsNothingInAPipe(t *testing.T) {
	name := strings.Repeat("news of the shop ", 12) + "end"
	setting := strings.Repeat("s", 100)
	k := klaviyotest.New(klaviyotest.WithList("L1", name))
	for _, output := range []string{"table", "json"} {
		r := account(k).run(t, "doctor", laterRevision, "--list-id=L1", "--whitelisted-events="+setting, "--event-filtering-option=whitelistedEvents", "--output", output)
		for _, text := range []string{"list " + name + " (L1)", setting, "shows only in a delivery"} {
			if !strings.Contains(r.stdout, text) {
				t.Errorf("%s lacks %q:\n%s", output, text, r.stdout)
			}
		}
	}
	for width, want := range map[int]int{0: 0, 20: leastText, 40: 16, 80: 56, 200: mostText} {
		if got := textWidth(width, "table"); got != want {
			t.Errorf("on a terminal of %d columns a name has %d, want %d", width, got, want)
		}
		if got := textWidth(width, "json"); got != 0 {
			t.Errorf("a terminal of %d columns cuts a name in JSON after %d", width, got)
		}
	}
}

// TestPreflight keeps send and replay from what would stop at its first events.
func TestPreflight(t *testing.T) {
	const retired = "Klaviyo no longer serves revision 2023-02-22. Add --revision 2026-07-15."
	for _, tt := range []struct {
		name    string
		options []klaviyotest.Option
		args    []string
		env     map[string]string
		status  int
		stderr  []string
		sent    bool
	}{
		{"all is well", []klaviyotest.Option{klaviyotest.WithList("L1", "News")}, []string{laterRevision, "--list-id=L1"}, nil, statusDone, nil, true},
		{"key refused", []klaviyotest.Option{klaviyotest.WithKey("pk_other")}, []string{laterRevision}, nil, statusStopped, []string{"Klaviyo refuses the key", "Nothing was sent"}, false},
		{"revision retired", []klaviyotest.Option{klaviyotest.WithRetiredRevision("2023-02-22")}, nil, nil, statusStopped, []string{retired}, false},
		{"list missing", nil, []string{laterRevision, "--list-id=L1"}, nil, statusStopped, []string{"the account has no list L1, which listId names. Correct the id"}, false},
		{"two obstacles", []klaviyotest.Option{klaviyotest.WithRetiredRevision("2023-02-22")}, []string{"--list-id=L1"}, nil, statusStopped, []string{retired, "no list L1"}, false},
		{"scopes of doctor alone are missing", []klaviyotest.Option{klaviyotest.WithScopes("events:write", "profiles:write", "subscriptions:write", "lists:write")}, []string{laterRevision, "--list-id=L1"}, nil, statusDone, nil, true},
		{"not wanted", nil, []string{laterRevision, "--list-id=L1", "--no-preflight"}, nil, statusDone, nil, true},
		{"not wanted by the environment", nil, []string{laterRevision, "--list-id=L1"}, map[string]string{"RUDDERKLAVIYO_NO_PREFLIGHT": "true"}, statusDone, nil, true},
		{"another host", nil, []string{laterRevision, "--list-id=L1", "--base-url=http://127.0.0.1:9"}, nil, statusDone, nil, true},
		{"simulation", nil, []string{laterRevision, "--list-id=L1", "--simulate"}, nil, statusDone, []string{"simulation"}, false},
	} {
		for _, command := range []string{"send", "replay"} {
			t.Run(command+" "+tt.name, func(t *testing.T) {
				k := klaviyotest.New(tt.options...)
				s := account(k)
				s.preflight = true
				for name, value := range tt.env {
					s.env[name] = value
				}
				file := write(t, "events.jsonl", lines(track(1, "m1")))
				if command == "replay" {
					file = write(t, "dead.jsonl", lines(`{"line":1,"event":`+track(1, "m1")+`,"error":{"code":"c","message":"m"},"attempts":1}`))
				}
				before := read(t, file)
				r := s.run(t, append(append([]string{command}, tt.args...), file)...)
				r.want(t, tt.status, tt.stderr...)
				writes := 0
				for _, request := range k.Requests() {
					if request.Method != http.MethodGet {
						writes++
					}
				}
				if sent := writes > 0; sent != tt.sent {
					t.Errorf("%d writing calls\n%s", writes, r.stderr)
				}
				if tt.status == statusStopped && read(t, file) != before {
					t.Error("the file has changed")
				}
			})
		}
	}
}

// TestPreflightLeavesOutagesToTheDelivery, which waits for their end.
func TestPreflightLeavesOutagesToTheDelivery(t *testing.T) {
	k := klaviyotest.New()
	k.Inject(klaviyotest.Fault{Status: http.StatusServiceUnavailable, Times: 8, When: func(r *http.Request) bool { return r.Method == http.MethodGet }})
	s := account(k)
	s.preflight = true
	s.stdin = strings.NewReader(lines(track(1, "m1")))
	r := s.run(t, "send", laterRevision, "--output=json")
	r.want(t, statusDone)
	if !strings.Contains(r.stdout, `"delivered":1`) || !strings.Contains(r.stdout, `"requests":1,`) {
		t.Errorf("%s", r.stdout) // the calls of the preflight aren't the delivery's
	}
}

// TestDoctorShowsThatItWaits on a terminal, and leaves nothing of it there.
func TestDoctorShowsThatItWaits(t *testing.T) {
	for _, command := range []string{"doctor", "send"} {
		synctest.Test(t, func(t *testing.T) {
			k := klaviyotest.New()
			slow := klaviyotest.Slow(3 * time.Second)
			slow.Times = -1
			k.Inject(slow)
			events := write(t, "events.jsonl", lines(track(1, "m1")))
			s := account(k)
			s.preflight = true
			stderr := s.onTerminal(t, command, laterRevision, events)
			if !strings.Contains(stderr, noWrap) || !strings.Contains(stderr, ": 2s"+wrap+eraseLine) {
				t.Errorf("%s shows nothing: %q", command, stderr)
			}
			quiet := s.onTerminal(t, command, laterRevision, "--quiet", events)
			if strings.Contains(quiet, noWrap) {
				t.Errorf("%s --quiet: %q", command, quiet)
			}
		})
	}
}

// TestDoctorInterrupted says so, and shows no findings that it couldn't make.
func TestDoctorInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Slow(time.Minute))
		s := account(k)
		ctx, interrupt := context.WithCancel(t.Context())
		time.AfterFunc(2*time.Second, interrupt)
		start := time.Now()
		s.ctx = ctx
		r := s.run(t, "doctor", laterRevision)
		r.want(t, statusStopped, "interrupted")
		if r.stdout != "" || time.Since(start) > 2*time.Second {
			t.Errorf("after %v: %s", time.Since(start), r.stdout)
		}
	})
}
