package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// settingsOf are the settings that hold, but for where they come from.
func settingsOf(t *testing.T, s setup, args ...string) map[string]string {
	t.Helper()
	r := s.run(t, append([]string{"config", "show", "--output=json", laterRevision}, args...)...)
	r.want(t, statusDone)
	var shown struct{ Settings []effectiveSetting }
	if err := json.Unmarshal([]byte(r.stdout), &shown); err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, setting := range shown.Settings {
		values[setting.Name] = fmt.Sprint(setting.Value)
	}
	return values
}

// TestEachMappingFlagSetsItsKey as the file does, and as its environment variable does.
func TestEachMappingFlagSetsItsKey(t *testing.T) {
	values := map[string]struct{ flag, file string }{
		"listId": {"L1", "L1"}, "defaultCountry": {"DE", "DE"}, "itemFields": {"klaviyo", "klaviyo"},
		"consent": {"sms,email", "[sms, email]"}, "eventFilteringOption": {"blacklistedEvents", "blacklistedEvents"},
		"whitelistedEvents": {`A b,"c, d"`, `[{eventName: A b}, {eventName: "c, d"}]`}, "blacklistedEvents": {"A", "[{eventName: A}]"},
		"metricNames":     {"Order Completed=Placed Order,x=y=z", "[{eventName: Order Completed, metricName: Placed Order}, {eventName: x, metricName: y=z}]"},
		"ecommerceEvents": {"false", "false"},
	}
	for _, key := range mappingKeys {
		if key == revisionFlag {
			continue // which settingsOf gives
		}
		value, ok := values[key]
		if !ok {
			value.flag, value.file = "true", "true" // a switch
		}
		file := key + ": " + value.file + "\n"
		if key == "whitelistedEvents" || key == "blacklistedEvents" {
			file += "eventFilteringOption: " + key + "\n"
		}
		want := settingsOf(t, setup{}, "--config", write(t, "destination.yaml", file))
		byFlag := settingsOf(t, setup{}, "--"+flagOf(key)+"="+value.flag)
		byVariable := settingsOf(t, setup{env: map[string]string{variablePrefix + strings.ToUpper(strings.ReplaceAll(flagOf(key), "-", "_")): value.flag}})
		unset := settingsOf(t, setup{})
		if !maps.Equal(byFlag, want) || !maps.Equal(byVariable, want) || maps.Equal(want, unset) {
			t.Errorf("%s: the file gives %v, the flag %v, the variable %v", key, want[key], byFlag[key], byVariable[key])
		}
	}
}

func TestListsOfFlags(t *testing.T) {
	file := write(t, "destination.yaml", "consent: [sms]\neventFilteringOption: blacklistedEvents\nblacklistedEvents: [{eventName: A}]\n")
	for name, tt := range map[string]struct {
		args   []string
		want   map[string]string
		stderr string
	}{
		"none instead of the file's": {[]string{"--config", file, "--consent="}, map[string]string{"consent": "[]"}, ""},
		"given twice":                {[]string{"--consent=sms", "--consent=email"}, map[string]string{"consent": "[sms email]"}, ""},
		"the flag's list counts":     {[]string{"--config", file, "--whitelisted-events=B"}, map[string]string{"eventFilteringOption": "whitelistedEvents"}, ""},
		"the option's flag wins":     {[]string{"--whitelisted-events=B", "--event-filtering-option=disable"}, map[string]string{"eventFilteringOption": "disable"}, ""},
		"two lists and the option":   {[]string{"--whitelisted-events=B", "--blacklisted-events=A", "--event-filtering-option=blacklistedEvents"}, map[string]string{"eventFilteringOption": "blacklistedEvents"}, ""},
		"two lists":                  {[]string{"--whitelisted-events=B", "--blacklisted-events=A"}, nil, "only one counts: say which with --event-filtering-option"},
		"another channel":            {[]string{"--consent=fax"}, nil, "--consent: consent must be a list of the channels email and sms"},
		"quotes":                     {[]string{`--whitelisted-events=a "b`}, nil, "--whitelisted-events must be values with commas between them"},
		"no metric":                  {[]string{"--metric-names=Order Completed"}, nil, "--metric-names: metricNames must be EVENT=METRIC"},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.stderr != "" {
				setup{}.run(t, append([]string{"config", "show"}, tt.args...)...).want(t, statusUsage, tt.stderr)
				return
			}
			got := settingsOf(t, setup{}, tt.args...)
			for key, want := range tt.want {
				if got[key] != want {
					t.Errorf("%s is %s, want %s", key, got[key], want)
				}
			}
		})
	}
}

// TestEverySettingHasAFlag, or a reason why not, which the help tells.
func TestEverySettingHasAFlag(t *testing.T) {
	plan, _, _ := Root().Find([]string{"plan"})
	help := strings.Join(strings.Fields(helpOf(t, plan)), " ")
	for _, s := range config.Settings {
		hasFlag, isExplained := plan.Flags().Lookup(flagOf(s.Key)) != nil, strings.Contains(help, s.Key+" ("+s.NoFlag+")")
		if hasFlag == isExplained {
			t.Errorf("%s: a flag: %t, a reason in the help: %t", s.Key, hasFlag, isExplained)
		}
	}
}

// TestWordsOfLists are those that set a flag to the same list again.
func TestWordsOfLists(t *testing.T) {
	for want, values := range map[string][]string{
		`--consent=''`: {}, `--consent=a,b`: {"a", "b"}, `--consent='a b'`: {"a b"}, `--consent='"a,b",c'`: {"a,b", "c"}, `--consent='"a""b"'`: {`a"b`},
	} {
		plan, _, _ := Root().Find([]string{"plan"})
		flag := plan.Flags().Lookup("consent")
		if err := flag.Value.(pflag.SliceValue).Replace(values); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(flagWords(flag), " "); got != want {
			t.Errorf("%q: %s, want %s", values, got, want)
		}
	}
}
