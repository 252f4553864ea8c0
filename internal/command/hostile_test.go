package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFilesThatAreRefused names each once, keeps what was done before, and writes nothing
// off.
func TestFilesThatAreRefused(t *testing.T) {
	const gzipHeader = "\x1f\x8b\x08\x08\x00\x00\x00\x00\x00\x03"
	for _, tt := range []struct{ name, content, want string }{
		{"cut in its header", gzipHeader, "incomplete compressed file"},
		{"bzip2", "BZh91AY&SY", "unsupported file (compressed with bzip2)"},
		{"a binary", strings.Repeat("\x7fELF\x00\n\n{}\x00\n", 50_000), "not JSON"},
		{"CSV", strings.Repeat("a,b\n", 1000), "not JSON"},
	} {
		for _, command := range []string{"map", "plan", "send --simulate", "send --simulate --checkpoint=saved", "explain"} {
			t.Run(tt.name+", "+command, func(t *testing.T) {
				t.Chdir(t.TempDir())
				for name, text := range map[string]string{"good": lines(identify(1)), "bad": tt.content} {
					if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				args := strings.Fields(command)
				if command == "explain" {
					setup{}.run(t, "explain", "bad").want(t, statusStopped, "bad at line 1: "+tt.want)
					return
				}
				if args[0] == "send" {
					args = append(args, "--dead-letter=dead")
				}
				r := setup{}.run(t, append(args, "good", "bad", "good")...)
				r.want(t, statusStopped, tt.want)
				if n := strings.Count(r.stderr, tt.want); n != 1 {
					t.Errorf("stderr names it %d times:\n%s", n, r.stderr)
				}
				if letters, err := os.ReadFile("dead"); len(letters) > 0 || args[0] == "send" && err != nil {
					t.Errorf("%d bytes of dead letters, %v", len(letters), err)
				}
				if command == "map" {
					r.want(t, statusStopped, "To continue, once bad is repaired or left out:\n  rudderklaviyo map --from-line=2 good bad good\n")
				}
			})
		}
	}
}

// TestBodiesOneBehindTheOther are separate events for each command.
func TestBodiesOneBehindTheOther(t *testing.T) {
	body := `{"batch":[` + identify(1) + "," + identify(2) + `]}`
	text := body + body + track(3, "m3") + `{"type":"identify","userId":"7"}`
	dead := filepath.Join(t.TempDir(), "dead")
	for _, command := range []string{"map", "plan --output=json", "send --simulate --output=json --dead-letter=" + dead} {
		r := setup{stdin: strings.NewReader(text)}.run(t, strings.Fields(command)...)
		r.want(t, statusDeadLetters)
		if command == "map" && strings.Count(r.stdout, "\n") != 6 || command != "map" && !strings.Contains(strings.ReplaceAll(r.stdout, " ", ""), `"events":6`) {
			t.Errorf("%s: %s", command, r.stdout)
		}
	}
	if letter := read(t, dead); !strings.Contains(letter, `"event_number":6`) || !strings.Contains(letter, `{"type":"identify","userId":"7"}`) {
		t.Errorf("dead letter: %s", letter)
	}
}

// TestNamesThatATerminalObeys are quoted wherever they are printed.
func TestNamesThatATerminalObeys(t *testing.T) {
	const evil, dead, saved = "a\x1b[2J\nx.jsonl", "dead\x1b[1m", "saved\x1b[1m"
	t.Chdir(t.TempDir())
	if err := os.WriteFile(evil, []byte(lines(identify(1), `{"type":"identify"}`)), 0o600); err != nil {
		t.Skip("this system has no such names")
	}
	if err := os.WriteFile("cut"+evil, []byte("[\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	runs := [][]string{
		{"map", "none" + evil},
		{"map", "no" + evil + "/where"},
		{"map", evil, "cut" + evil},
		{"map", "--config", "none" + evil, evil},
		{"map", "--config", evil, evil},
		{"map", "--from-line=9", evil},
		{"plan", evil, "cut" + evil},
		{"plan", evil, evil},
		{"explain", "--line=9", evil},
		{"send", "--simulate", evil, "cut" + evil},
		{"send", "--simulate", "--log-level=info", evil},
		{"send", "--simulate", "--dead-letter", evil, evil},
		{"send", "--simulate", "--checkpoint", saved, "--dead-letter", dead, evil},
		{"send", "--simulate", "--checkpoint", saved, "--dead-letter", dead, evil},
		{"plan", "--simulate", "--checkpoint", saved, evil},
		{"send", "--simulate", "--dead-letter", dead, "--from-line=2", evil},
		{"send", "--simulate", "--checkpoint", saved, "--dead-letter", dead, evil, evil},
		{"send", "--simulate", "--checkpoint", evil, "--dead-letter", dead, "cut" + evil},
		{"replay", "--simulate", evil},
		{"replay", "--simulate", "none" + evil},
		{"replay", "--simulate", dead},
		{"replay", dead},
	}
	for _, args := range runs {
		r := setup{}.run(t, args...)
		if out := r.stdout + r.stderr; strings.Contains(out, "\x1b") || strings.Contains(out, "\nx.jsonl") {
			t.Errorf("%q: %s", args, out)
		}
	}
	r := setup{}.run(t, "map", "cut"+evil)
	r.want(t, statusStopped, `"cuta\x1b[2J\nx.jsonl"`, `$'cuta\033[2J\012x.jsonl'`)
}
