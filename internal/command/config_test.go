package command

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

func TestConfigShow(t *testing.T) {
	file := write(t, "destination.yaml", "# mine\nlistId: FromFile\nsendNulls: true\nprivateApiKey: "+key+"\npublicApiKey: "+key+"\nmetricNames: [{eventName: a, metricName: b}]\nitemFields: klaviyo\n")
	s := setup{env: map[string]string{"RUDDERKLAVIYO_LIST_ID": "FromVariable", "RUDDERKLAVIYO_QUOTA_SHARE": "0.5", "RUDDERKLAVIYO_ITEM_FIELDS": "transformer", "RUDDERKLAVIYO_CONFIG": file}}
	args := []string{"config", "show", "--item-fields=guide", "--concurrency=7", "--unsubscribe=false"}
	r := s.run(t, append(args, "--output=json")...)
	r.want(t, statusDone)
	var shown struct {
		Settings []struct {
			Name, Source, From string
			Value              any
		}
	}
	if err := json.Unmarshal([]byte(r.stdout), &shown); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range shown.Settings {
		if _, ok := got[s.Name]; ok {
			t.Errorf("%s is shown twice", s.Name)
		}
		got[s.Name] = fmt.Sprint(s.Value, " ", s.Source, " ", s.From)
	}
	table := s.run(t, args...)
	table.want(t, statusDone)
	for name, want := range map[string]string{
		"privateApiKey":   "(not shown) file " + file + ":4",
		"publicApiKey":    "(not shown) file " + file + ":5",
		"listId":          "FromVariable environment RUDDERKLAVIYO_LIST_ID",
		"itemFields":      "guide flag --item-fields",
		"sendNulls":       "true file " + file + ":3",
		"unsubscribe":     "false flag --unsubscribe",
		"metricNames":     "[map[eventName:a metricName:b]] file " + file + ":6",
		"consent":         "[email] default ",
		"defaultCountry":  "<nil> default ",
		"revision":        "2023-02-22 default ",
		"ecommerceEvents": "true default ",
		"--quota-share":   "0.5 environment RUDDERKLAVIYO_QUOTA_SHARE",
		"--concurrency":   "7 flag --concurrency",
		"--limit":         "[] default ",
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
		from := strings.TrimSpace(want[strings.LastIndexByte(want, ' '):])
		if from == "" {
			from = "default"
		}
		if !strings.Contains(table.stdout, "\n"+name+" ") && !strings.HasPrefix(table.stdout, name+" ") || !strings.Contains(table.stdout, "  "+from+"\n") {
			t.Errorf("the table lacks %s of %s:\n%s", name, from, table.stdout)
		}
	}
}

// TestConfigShowFitsTheTerminal has a list that no terminal has room for.
func TestConfigShowFitsTheTerminal(t *testing.T) {
	names := strings.Repeat("Order Completed, ", 9) + "Order Cancelled"
	s := shownSettings{Settings: []effectiveSetting{
		{"enforceEmailAsPrimary", true, origin{sourceFile, "destination.yaml:7"}},
		{"whitelistedEvents", names, origin{Source: sourceDefault}},
	}}
	for _, width := range []int{0, 40, 80, 200} {
		s.width = width
		var table strings.Builder
		if err := s.printTable(&table); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(table.String()) {
			if n := terminal.Columns(strings.TrimSuffix(line, "\n")); width > 0 && n > width {
				t.Errorf("%d columns in %d: %s", n, width, line)
			}
		}
		if got := table.String(); strings.Contains(got, names) != (width == 0) || !strings.Contains(got, "ancelled") {
			t.Errorf("%d columns:\n%s", width, got)
		}
	}
}

func TestConfigShowOfWrongSettings(t *testing.T) {
	for _, args := range [][]string{
		{"--default-country=Utopia"}, {"--output=xml"}, {"--quota-share=2"}, {"--base-url=https://u:" + key + "@klaviyo.test"}, {"--historical-import"},
	} {
		setup{}.run(t, append([]string{"config", "show"}, args...)...).want(t, statusUsage, strings.Split(args[0], "=")[0][len("--"):][:4])
	}
}

func TestConfigInit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "destination.yaml")
	setup{}.run(t, "config", "init", name).want(t, statusDone)
	made := read(t, name)
	if r := (setup{}).run(t, "config", "init"); r.stdout != made {
		t.Error("standard output has another file")
	}
	setup{}.run(t, "map", "--config", name, write(t, "events.jsonl", lines(identify(1)))).want(t, statusDone)

	setup{}.run(t, "config", "init", "--service", name).want(t, statusUsage, "is there already: name another file")
	if read(t, name) != made {
		t.Error("the file is overwritten")
	}
	setup{}.run(t, "config", "init", filepath.Join(name, "x")).want(t, statusStopped)
	setup{}.run(t, "config").want(t, statusUsage, "config needs one of init, show")
}
