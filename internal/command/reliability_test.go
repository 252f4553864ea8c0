package command

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

var updateReliability = flag.Bool("update-reliability", false, "write the table of docs/reliability.md anew")

const reliability = "../../docs/reliability.md"

var faultsOnPage = regexp.MustCompile(`(?s)<!-- table: faults -->\n.*?<!-- end -->`)

// TestReliability checks the table of docs/reliability.md against the one of TestFaults.
func TestReliability(t *testing.T) {
	text, err := os.ReadFile(reliability)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	if got := len(faultsOnPage.FindAllString(page, -1)); got != 1 {
		t.Fatalf("%s has %d tables of faults", reliability, got)
	}
	want := faultsOnPage.ReplaceAllLiteralString(page, "<!-- table: faults -->\n\n"+faultTable()+"\n<!-- end -->")
	switch {
	case want == page:
	case !*updateReliability:
		t.Errorf("the table of %s isn't the test's; run go test ./internal/command -run Reliability -update-reliability", reliability)
	default:
		if err := os.WriteFile(reliability, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func faultTable() string {
	var table strings.Builder
	table.WriteString("| Fault | Retried | Dead letter | The run | Note |\n| --- | --- | --- | --- | --- |\n")
	for _, tt := range faultTests {
		fmt.Fprintf(&table, "| %s | %s | %s | %s | %s |\n", tt.fault, tt.sentAgain(), tt.deadLetter(), tt.end(), tt.remark)
	}
	return table.String()
}

func (tt faultTest) sentAgain() string {
	switch {
	case tt.attempts == 0 && tt.stops == "":
		return "yes"
	case tt.attempts == 0:
		return "until it stops"
	case tt.attempts == 1:
		return "no"
	case tt.status() == statusDone:
		return "yes"
	}
	if tt.attempts == 2 {
		return "once"
	}
	return fmt.Sprintf("%d times", tt.attempts-1)
}

func (tt faultTest) deadLetter() string {
	if tt.dead == "" {
		return "none"
	}
	return "`" + strings.NewReplacer(" ", "` at `", "{subscription}", "…").Replace(tt.dead) + "`"
}

func (tt faultTest) end() string {
	if tt.stops != "" {
		return fmt.Sprintf("stops (exit %d): “%s”", tt.status(), tt.stops)
	}
	return fmt.Sprintf("goes on (exit %d)", tt.status())
}
