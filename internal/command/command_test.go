package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
)

const key = "pk_0123456789secret"

// setup is a Program and what it gets, for one test.
type setup struct {
	stdin     io.Reader
	env       map[string]string
	transport http.RoundTripper
	ctx       context.Context
	preflight bool // most tests count the calls of a delivery
}

// result is what a Program left.
type result struct {
	status         int
	stdout, stderr string
}

// run runs a command line and checks that it shows no key.
func (s setup) run(t *testing.T, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	p := Program{Stdin: s.stdin, Stdout: &stdout, Stderr: &stderr, Transport: s.transport,
		Getenv: func(name string) string { return s.env[name] }, NoPreflight: !s.preflight}
	if s.stdin == nil {
		p.Stdin = strings.NewReader("")
	}
	ctx := s.ctx
	if ctx == nil {
		ctx = t.Context()
	}
	r := result{p.Run(ctx, args), "", ""}
	r.stdout, r.stderr = stdout.String(), stderr.String()
	if strings.Contains(r.stdout+r.stderr, key) {
		t.Error("the key is shown")
	}
	return r
}

// account is a setup with a key and a Klaviyo that lets it in.
func account(k *klaviyotest.Klaviyo) setup {
	return setup{env: map[string]string{"KLAVIYO_API_KEY": key}, transport: k.Transport()}
}

func (r result) want(t *testing.T, status int, inStderr ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d\n%s", r.status, status, r.stderr)
	}
	for _, text := range inStderr {
		if !strings.Contains(r.stderr, text) {
			t.Errorf("stderr lacks %q:\n%s", text, r.stderr)
		}
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// lines makes a file of events.
func lines(events ...string) string { return strings.Join(events, "\n") + "\n" }

func identify(person int) string {
	return fmt.Sprintf(`{"type":"identify","messageId":"i%d","traits":{"email":"p%d@example.com"}}`, person, person)
}

func track(person int, messageID string) string {
	return fmt.Sprintf(`{"type":"track","event":"Ping","messageId":%q,"context":{"traits":{"email":"p%d@example.com"}}}`, messageID, person)
}

func TestUsage(t *testing.T) {
	events := write(t, "events.jsonl", lines(identify(1)))
	tests := []struct {
		name string
		args []string
		want string
	}{
		{"unknown command", []string{"deliver"}, "See rudderklaviyo --help."},
		{"unknown flag", []string{"send", "--key", "x"}, "there is no --key: other users of a machine see flags; set KLAVIYO_API_KEY"},
		{"dry run", []string{"send", "--dry-run", events}, "there is no --dry-run: rudderklaviyo plan tells what send would do, and --simulate delivers"},
		{"dry run of replay", []string{"replay", "--dry-run=true", events}, "rudderklaviyo plan tells what send would do"},
		{"help of the command", []string{"send", "--key", "x"}, "See rudderklaviyo send --help."},
		{"flag without its value", []string{"send", "--config"}, "--config needs a value"},
		{"flag of another type", []string{"send", "--from-line", "x"}, "rudderklaviyo: --from-line must be a whole number\n"},
		{"unknown log level", []string{"map", "--log-level", "loud"}, "rudderklaviyo: --log-level must be one of debug, info, warn, error\n"},
		{"share in words", []string{"send", "--quota-share", "half"}, "--quota-share must be a number, such as 0.8\n"},
		{"bulk of another kind", []string{"send", "--simulate", "--bulk", "always"}, "--bulk must be auto or never"},
		{"switch with a word", []string{"send", "--simulate=perhaps"}, "--simulate must be one of limits, fast, false\n"},
		{"explain of several files", []string{"explain", events, events}, "explain reads one FILE"},
		{"unknown output", []string{"send", "--simulate", "--output", "xml"}, "--output must be one of json, table"},
		{"no concurrency", []string{"send", "--simulate", "--concurrency", "0"}, "--concurrency must be from 1 to"},
		{"no share", []string{"send", "--simulate", "--quota-share", "0"}, "--quota-share must be above 0 and at most 1"},
		{"more than all", []string{"replay", "--simulate", "--quota-share", "1.1", events}, "--quota-share must be above 0 and at most 1"},
		{"no number", []string{"send", "--simulate", "--quota-share", "NaN"}, "--quota-share must be above 0 and at most 1"},
		{"limit of a second alone", []string{"send", "--simulate", "--limit", "create_event=10/s"}, "--limit must be an operation with its calls per second and per minute, such as"},
		{"limit of no calls", []string{"send", "--simulate", "--limit", "create_event=0/s,10/m"}, "--limit must be an operation with"},
		{"limit of nothing", []string{"plan", "--limit", "create_events=10/s,150/m"}, "--limit names an unknown operation, create_events: rudderklaviyo plan lists"},
		{"replay of several files", []string{"replay", events, events}, "needs one FILE"},
		{"line 0", []string{"map", "--from-line", "0"}, "--from-line must be 1 or more"},
		{"simulation elsewhere", []string{"send", "--simulate", "--base-url", "https://klaviyo.test"}, "--simulate and --base-url exclude each other"},
		{"plain HTTP to another host", []string{"send", "--base-url", "http://klaviyo.test", events}, "rudderklaviyo: --base-url: use https"},
		{"password in the URL", []string{"send", "--base-url", "https://u:" + key + "@klaviyo.test", events}, "user information"},
		{"config of another format", []string{"map", "--config", write(t, "config.yaml", "privateApiKey:"+key), events}, "config.yaml"},
		{"unknown key in the config", []string{"map", "--config", write(t, "config.yaml", "listid: X"), events}, `unknown key "listid"; did you mean "listId"?`},
		{"missing config", []string{"send", "--config", "nowhere.yaml", events}, "nowhere.yaml"},
		{"setting that the mapping refuses", []string{"map", "--default-country", "Utopia", events}, "rudderklaviyo: --default-country: defaultCountry must be"},
		{"setting of a file that the mapping refuses", []string{"map", "--config", write(t, "config.yaml", "sendNulls: true\neventFilteringOption: all"), events}, `config.yaml: line 2: eventFilteringOption must be "disable"`},
		{"new key of no checkpoint", []string{"send", "--simulate", "--new-key", events}, "give --checkpoint too"},
		{"dead letters to standard output", []string{"send", "--simulate", "--dead-letter", "-", events}, "--dead-letter and --checkpoint are files"},
		{"checkpoint on standard output", []string{"send", "--simulate", "--checkpoint", "-", events}, "--dead-letter and --checkpoint are files"},
		{"destination of no file", []string{"send", "--simulate", "--destination", "Klaviyo", events}, "give --config too"},
		{"checkpoint without dead letters", []string{"send", "--simulate", "--checkpoint", "saved", events}, "give --dead-letter FILE too, or --no-dead-letter"},
		{"dead letters and none", []string{"send", "--simulate", "--dead-letter", "dead", "--no-dead-letter", events}, "--dead-letter and --no-dead-letter exclude each other"},
		{"dead letters into the input", []string{"send", "--simulate", "--dead-letter", events, events}, "is the input"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := account(klaviyotest.New())
			r := s.run(t, tt.args...)
			r.want(t, statusUsage, tt.want)
			if r.stdout != "" {
				t.Errorf("stdout %q", r.stdout)
			}
		})
	}
	if read(t, events) != lines(identify(1)) {
		t.Error("the input has changed")
	}
}

func TestMissingKey(t *testing.T) {
	for _, env := range []map[string]string{nil, {"KLAVIYO_API_KEY": ""}} {
		k := klaviyotest.New()
		r := setup{env: env, transport: k.Transport()}.run(t, "send", write(t, "events.jsonl", identify(1)))
		r.want(t, statusUsage, "KLAVIYO_API_KEY", "privateApiKey", "--simulate")
		if len(k.Requests()) > 0 {
			t.Error("a request was sent")
		}
	}
}

func TestKeyThatCanNotBeOneIsNotShown(t *testing.T) {
	k := klaviyotest.New()
	s := account(k)
	s.env["KLAVIYO_API_KEY"] = key + "\n"
	s.run(t, "send", write(t, "events.jsonl", identify(1))).want(t, statusUsage, "rudderklaviyo: KLAVIYO_API_KEY: the private API key contains a space, a line break")
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"--help"}, {"help"}, {"--version"}, {"map", "--help"}, {"send", "--help"}, {"replay", "--help"}} {
		r := setup{}.run(t, args...)
		r.want(t, statusDone)
		if r.stdout == "" || r.stderr != "" {
			t.Errorf("%q: stdout %q, stderr %q", args, r.stdout, r.stderr)
		}
	}
	help := setup{}.run(t, "send", "--help").stdout
	for _, text := range []string{"Examples:", "--dead-letter", "--simulate", "--from-line"} {
		if !strings.Contains(help, text) {
			t.Errorf("the help of send lacks %s", text)
		}
	}
	if strings.Contains(help, "--private-api-key") {
		t.Error("the key has a flag")
	}
}

func TestUnreadableInputIsFoundBeforeAnythingIsSent(t *testing.T) {
	k := klaviyotest.New()
	missing := filepath.Join(t.TempDir(), "missing.jsonl")
	for _, command := range []string{"map", "send"} {
		r := account(k).run(t, command, write(t, "events.jsonl", identify(1)), missing)
		r.want(t, statusStopped, missing)
	}
	if len(k.Requests()) > 0 {
		t.Error("a request was sent")
	}
}

func TestPrecedence(t *testing.T) {
	config := write(t, "config.json", `{"name": "Klaviyo", "config": {"privateApiKey": "pk_of_the_file", "listId": "FromFile",
		"useNativeSDK": {"web": false}, "flattenProperties": true, "defaultCountry": "DE"}}`)
	event := write(t, "events.jsonl", `{"type":"identify","traits":{"email":"a@example.com","phone":"030 901820","x":{"y":1},"properties":{"subscribe":true}}}`)
	tests := []struct {
		name      string
		env       map[string]string
		args      []string
		key, list string
		flat      bool
	}{
		{"file", nil, nil, "pk_of_the_file", "FromFile", true},
		{"key of the environment over file", map[string]string{"KLAVIYO_API_KEY": "pk_of_the_environment"}, nil, "pk_of_the_environment", "FromFile", true},
		{"environment over file", map[string]string{"RUDDERKLAVIYO_LIST_ID": "FromVariable", "RUDDERKLAVIYO_FLATTEN_PROPERTIES": "false"}, nil, "pk_of_the_file", "FromVariable", false},
		{"empty variables", map[string]string{"RUDDERKLAVIYO_LIST_ID": "", "RUDDERKLAVIYO_FLATTEN_PROPERTIES": ""}, nil, "pk_of_the_file", "FromFile", true},
		{"flags over file", nil, []string{"--list-id", "FromFlag", "--flatten-properties=false"}, "pk_of_the_file", "FromFlag", false},
		{"flags over environment", map[string]string{"RUDDERKLAVIYO_LIST_ID": "FromVariable", "RUDDERKLAVIYO_FLATTEN_PROPERTIES": "maybe"},
			[]string{"--list-id", "FromFlag", "--flatten-properties=false"}, "pk_of_the_file", "FromFlag", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := klaviyotest.New(klaviyotest.WithKey(tt.key), klaviyotest.WithList(tt.list, "Newsletter"))
			s := setup{transport: k.Transport(), env: tt.env}
			r := s.run(t, append([]string{"send", "--config", config, event}, tt.args...)...)
			r.want(t, statusDone, "useNativeSDK")
			requests := k.Requests()
			if len(requests) != 2 || requests[1].Status != http.StatusAccepted {
				t.Fatalf("%d requests", len(requests))
			}
			if !bytes.Contains(requests[1].Body, []byte(tt.list)) {
				t.Errorf("list of %s", requests[1].Body)
			}
			if flat := bytes.Contains(requests[0].Body, []byte(`"x.y"`)); flat != tt.flat {
				t.Errorf("flattened: %t", flat)
			}
			if !bytes.Contains(requests[0].Body, []byte("+4930901820")) {
				t.Error("the file's country is not used")
			}
		})
	}
}

func TestStandardInputAtATerminal(t *testing.T) {
	events := write(t, "events.jsonl", lines(identify(1)))
	for _, tt := range []struct {
		args       []string
		isTerminal bool
		says       bool
	}{
		{[]string{"map"}, true, true}, {[]string{"map", "-"}, true, true}, {[]string{"plan"}, true, true}, {[]string{"explain"}, true, true},
		{[]string{"send", "--simulate"}, true, true}, {[]string{"map"}, false, false}, {[]string{"map", events}, true, false},
	} {
		var stderr bytes.Buffer
		p := Program{Stdin: strings.NewReader(identify(1)), Stdout: io.Discard, Stderr: &stderr, StdinIsTerminal: tt.isTerminal, Getenv: func(string) string { return "" }}
		if status := p.Run(t.Context(), tt.args); status != statusDone {
			t.Errorf("%q: status %d", tt.args, status)
		}
		if strings.Contains(stderr.String(), "from standard input") != tt.says {
			t.Errorf("%q: %s", tt.args, &stderr)
		}
	}
}
