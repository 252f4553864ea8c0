package command

import (
	"strings"
	"testing"
)

// TestMistypedWords are answered with the one that was meant, and show no value.
func TestMistypedWords(t *testing.T) {
	const secret = "pk_0123456789abcdef"
	for line, want := range map[string]string{
		"send --simulat":                 "unknown flag: --simulat; did you mean --simulate?",
		"send --list x":                  "unknown flag: --list; did you mean --list-id?",
		"plan --item x":                  "unknown flag: --item; did you mean --item-fields?",
		"map --concurency 3":             "unknown flag: --concurency\n", // map has no such flag
		"map --nonsense":                 "unknown flag: --nonsense\n",
		"send -x":                        "unknown shorthand flag: 'x' in -x\n",
		"map --output json":              "there is no --output: map always prints JSON\n",
		"map --json":                     "there is no --json: map always prints JSON\n",
		"plan --json":                    "there is no --json: --output json is the form for programs\n",
		"send --dryrun":                  "there is no --dryrun: rudderklaviyo plan",
		"send -n":                        "there is no -n: rudderklaviyo plan",
		"send --api-key=" + secret:       "there is no --api-key: other users of a machine see flags; set KLAVIYO_API_KEY",
		"send --privateApiKey=" + secret: "unknown flag: --privateApiKey\n",
		"config shwo":                    `unknown command "shwo" for "rudderklaviyo config"; did you mean show?`,
		"config nonsense":                `unknown command "nonsense" for "rudderklaviyo config"` + "\n",
		"config":                         "config needs one of init, show",
		"dead-letters exprot":            "did you mean export?",
		"help nonsense":                  `unknown command "nonsense" for "rudderklaviyo"`,
		"help config shwo":               "did you mean show?",
		"snd":                            "send",
		"send --consent=\"x":             "--consent must be values with commas between them",
	} {
		r := setup{}.run(t, strings.Fields(line)...)
		r.want(t, statusUsage, want)
		if strings.Contains(r.stderr, secret) {
			t.Errorf("%s: %s", line, r.stderr)
		}
	}
}

// TestValueOfASwitch stands behind a space, where it is the name of a file.
func TestValueOfASwitch(t *testing.T) {
	const advice = "; if it is the value of a flag, put = before it, as in --simulate=fast\n"
	setup{}.run(t, "send", "--simulate", "fast", "events.jsonl").want(t, statusStopped, "rudderklaviyo: fast: no such file or directory"+advice)
	if r := (setup{}).run(t, "send", "--simulate", "nosuch.jsonl"); strings.Contains(r.stderr, advice) {
		t.Errorf("advice for another file: %s", r.stderr)
	}
}

// TestHelpOf gives that of the command, as its flag --help does.
func TestHelpOf(t *testing.T) {
	for _, command := range []string{"", "plan", "config", "config show", "dead-letters export"} {
		byCommand := setup{}.run(t, append([]string{"help"}, strings.Fields(command)...)...)
		byFlag := setup{}.run(t, append(strings.Fields(command), "--help")...)
		if byCommand.want(t, statusDone); byCommand.stdout == "" || byCommand.stdout != byFlag.stdout {
			t.Errorf("%q: help gives\n%s", command, byCommand.stdout)
		}
	}
}
