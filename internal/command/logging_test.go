package command

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestLogFormat(t *testing.T) {
	text := lines(`{"type":"track","event":"Ping","userId":"7"}`)
	run := func(isTerminal bool, env map[string]string, args ...string) string {
		var stderr bytes.Buffer
		p := Program{Stdin: strings.NewReader(text), Stdout: &bytes.Buffer{}, Stderr: &stderr, StderrIsTerminal: isTerminal, NoPreflight: true,
			Getenv: func(name string) string { return env[name] }}
		p.Run(t.Context(), append([]string{"send", "--simulate", "--no-dead-letter"}, args...))
		for line := range strings.Lines(stderr.String()) {
			if strings.Contains(line, "event failed") {
				return line
			}
		}
		return ""
	}
	if line := run(false, nil); !strings.HasPrefix(line, "time=") || !strings.Contains(line, "level=ERROR") {
		t.Errorf("in a pipe: %q", line)
	}
	var object map[string]any
	if err := json.Unmarshal([]byte(run(true, nil, "--log-format=json")), &object); err != nil || object["code"] != "missing_identifier" {
		t.Errorf("as JSON: %v, %v", err, object)
	}
	if line := run(true, nil, "--log-format=text"); !strings.HasPrefix(line, "time=") {
		t.Errorf("as text on a terminal: %q", line)
	}
	if line := run(true, nil); line != "" {
		t.Errorf("a person is shown %q beside the summary", line)
	}
	if line := run(true, nil, "--log-level=warn"); line == "" {
		t.Error("a person who asks for the log isn't shown it")
	}
	short := run(true, map[string]string{"NO_COLOR": "1"}, "--log-level=error")
	if strings.ContainsAny(short, "\x1b") || strings.Contains(short, "level=") || !strings.Contains(short, " ERR event failed") || !strings.Contains(short, "line=1") {
		t.Errorf("on a terminal without colours: %q", short)
	}
	if colourful := run(true, nil, "--log-level=error"); !strings.Contains(colourful, "\x1b[") {
		t.Errorf("on a terminal with colours: %q", colourful)
	}
	setup{}.run(t, "send", "--simulate", "--log-format=xml").want(t, statusUsage, "--log-format", "text or json")
}
