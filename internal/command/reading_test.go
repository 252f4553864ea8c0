package command

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// slowly returns each text after a while.
type slowly struct {
	texts []string
	pause time.Duration
}

func (s *slowly) Read(p []byte) (int, error) {
	time.Sleep(s.pause)
	if len(s.texts) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.texts[0])
	s.texts = s.texts[1:]
	return n, nil
}

func TestProgressOfReading(t *testing.T) {
	shown := func(text string) string { return noWrap + text + wrap + eraseLine }
	for _, command := range []string{"map", "plan"} {
		synctest.Test(t, func(t *testing.T) {
			s := setup{stdin: &slowly{[]string{lines(identify(1), identify(2)), lines("nonsense")}, 1500 * time.Millisecond}}
			stderr := s.onTerminal(t, command)
			begin := shown("events read: 0; 0/s") + shown("events read: 2; 2/s") + shown("events read: 2; 0/s") + shown("events read: 3; 1/s")
			if !strings.HasPrefix(stderr, begin+"rudderklaviyo: ") {
				t.Errorf("%s: %q", command, stderr)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			s := setup{stdin: &slowly{[]string{lines(identify(1))}, time.Minute}}
			if r := s.run(t, command); r.stderr != "" {
				t.Errorf("%s without a terminal: %q", command, r.stderr)
			}
		})
	}
}

func TestMapShowsNoProgressAmongItsResults(t *testing.T) {
	terminal := openTerminal(t)
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	tests := []struct {
		command string
		stdout  *os.File
		want    bool
	}{
		{"map", terminal, false},
		{"map", null, true},
		{"plan", terminal, true},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			var stderr bytes.Buffer
			p := Program{
				Stdin: &slowly{[]string{lines(identify(1))}, time.Minute}, Stdout: tt.stdout, Stderr: &stderr, StderrIsTerminal: true,
				Getenv: func(string) string { return "" },
			}
			p.Run(t.Context(), []string{tt.command})
			if got := stderr.Len() > 0; got != tt.want {
				t.Errorf("%s to %s: %q", tt.command, tt.stdout.Name(), stderr.String())
			}
		})
	}
}

func TestShareOfTheInput(t *testing.T) {
	file := write(t, "events.jsonl", strings.Repeat("x", 400))
	p := Program{Stdin: strings.NewReader("")}
	for want, files := range map[int64][]string{400: {file}, 800: {file, file}, 0: {file, "-"}} {
		if got := p.totalSize(files); got != want {
			t.Errorf("%d bytes, want %d", got, want)
		}
	}
}
