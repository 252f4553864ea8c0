package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/browsertest"
)

// reportedEvents have something of everything that a report tells, and people.
func reportedEvents(t *testing.T) string {
	events := []string{"nonsense", `{"type":"page","userId":"7"}`, `{"type":"track","event":"Ping","userId":"7"}`,
		`{"type":"identify","traits":{"email":"p1@example.com","phone":"12","subscribe":true}}`}
	for i := range 300 {
		events = append(events, identify(i%7), track(i%7, fmt.Sprint("m", i)),
			fmt.Sprintf(`{"type":"track","event":"A metric whose name is long %d","messageId":"n%d","context":{"traits":{"email":"p%d@example.com"}}}`, i%40, i, i%7))
	}
	return write(t, "events.jsonl", lines(events...))
}

var personal = regexp.MustCompile(`@example|p\d@|Ada`)

func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events, page := reportedEvents(t), filepath.Join(t.TempDir(), "report.html")
		dead := filepath.Join(t.TempDir(), "dead.jsonl")
		for _, args := range [][]string{
			{"plan", "--report", page, events},
			{"send", "--dead-letter", dead, "--report", page, events},
			{"replay", "--report", page, dead},
		} {
			os.Remove(page)
			account(klaviyotest.New()).run(t, args...).want(t, statusDeadLetters)
			if info, err := os.Stat(page); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v, %v", args[0], info, err)
			}
			if text := read(t, page); personal.MatchString(text) || strings.Contains(text, key) || !strings.Contains(text, "missing_identifier") {
				t.Errorf("%s: the page names people, or no problem", args[0])
			}
		}
	})
}

// TestReportOfARunThatStops is written all the same, and says how to go on.
func TestReportOfARunThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := klaviyotest.New()
		k.Inject(klaviyotest.Fault{Status: http.StatusUnauthorized, Times: -1})
		page := filepath.Join(t.TempDir(), "report.html")
		r := account(k).run(t, "send", "--no-dead-letter", "--report", page, write(t, "events.jsonl", lines(track(1, "a"))))
		r.want(t, statusStopped)
		if text := read(t, page); !strings.Contains(text, "Stopped early") || !strings.Contains(text, "--from-line=1") {
			t.Error("the page doesn't say that the run stopped, or how to go on")
		}
	})
}

// TestReportThatCantBeWritten ends the command before anything is sent; one for standard
// output or for another file of the run is refused.
func TestReportThatCantBeWritten(t *testing.T) {
	k := klaviyotest.New()
	events := write(t, "events.jsonl", lines(track(1, "a")))
	for _, tt := range []struct {
		page   string
		status int
	}{
		{filepath.Join(t.TempDir(), "missing", "report.html"), statusStopped},
		{"-", statusUsage},
		{events, statusUsage},
	} {
		account(k).run(t, "send", "--no-dead-letter", "--report", tt.page, events).want(t, tt.status, "--report")
	}
	if n := len(k.Events()); n != 0 {
		t.Errorf("%d events were sent", n)
	}
	// A run that ends before it begins leaves no file behind.
	dir := t.TempDir()
	account(k).run(t, "replay", "--report", filepath.Join(dir, "report.html"), filepath.Join(dir, "none.jsonl")).want(t, statusStopped)
	if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 0 {
		t.Errorf("%v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(dir, ".report.html.tmp")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the next version of the report is left")
	}
}

// TestReportInABrowser opens the pages of a send, of one that stopped and of a plan in every
// width and colour, and compares their figures with those that the command gives a program.
func TestReportInABrowser(t *testing.T) {
	tab := browsertest.Open(t)
	events := reportedEvents(t)
	refused := klaviyotest.New()
	refused.Inject(klaviyotest.Fault{Status: http.StatusUnauthorized, Times: -1})
	for _, tt := range []struct {
		name string
		s    setup
		args []string
	}{
		{"send", setup{}, []string{"send", "--simulate=fast", "--no-dead-letter"}},
		{"stopped", account(refused), []string{"send", "--no-dead-letter"}},
		{"plan", setup{}, []string{"plan"}},
	} {
		page := filepath.Join(t.TempDir(), "report.html")
		r := tt.s.run(t, append(tt.args, "--output=json", "--report", page, events)...)
		want := map[string]float64{}
		var object map[string]any
		if err := json.Unmarshal([]byte(r.stdout), &object); err != nil {
			t.Fatalf("%s: %v\n%s%s", tt.name, err, r.stdout, r.stderr)
		}
		for name, value := range object {
			if n, ok := value.(float64); ok {
				want[name] = n
			}
		}
		checkPage(t, tab, tt.name, page, want)
	}
}

// overflowing finds what is wider than the window, or than what it stands in.
const overflowing = `[...document.querySelectorAll("html, body *")].filter(e => !e.closest("thead") && e.getBoundingClientRect().right > innerWidth + 1 || e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 && getComputedStyle(e).display !== "inline").map(e => e.outerHTML.slice(0, 90))`

// checkPage opens a page. Each of its figures that has a name is the one in want.
func checkPage(t *testing.T, tab *browsertest.Tab, name, page string, want map[string]float64) {
	t.Helper()
	tab.Do(chromedp.Navigate("file://" + page))
	figures := browsertest.Value[map[string]string](tab,
		`Object.fromEntries([...document.querySelectorAll("[data-figure]")].map(e => [e.dataset.figure, e.textContent]))`)
	compared := 0
	for figure, text := range figures {
		expected, there := want[figure]
		if !there { // sendable and skipped of a plan are in no JSON as such
			continue
		}
		compared++
		got, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		if err != nil || got-expected > 0.05 || expected-got > 0.05 {
			t.Errorf("%s: %s is %s, want %v", name, figure, text, expected)
		}
	}
	if compared < 3 {
		t.Errorf("%s: of the figures %v only %d are compared", name, figures, compared)
	}
	for _, colours := range []string{"light", "dark"} {
		for _, width := range []int{380, 1400} {
			tab.Look(width, colours)
			if wide := browsertest.Value[[]string](tab, overflowing); len(wide) > 0 {
				t.Errorf("%s in %s at %d pixels overflows:\n%s", name, colours, width, strings.Join(wide, "\n"))
			}
			if poor := tab.Illegible(); len(poor) > 0 {
				t.Errorf("%s in %s at %d pixels is hard to read:\n%s", name, colours, width, strings.Join(poor, "\n"))
			}
			tab.Picture(fmt.Sprintf("%s-%s-%d", name, colours, width))
		}
	}
	if pdf := browsertest.Call(tab, cdppage.PrintToPDF, cdppage.PrintToPDFParams{}); !strings.HasPrefix(string(pdf.Data), "%PDF") {
		t.Errorf("%s can't be printed", name)
	}
	const wider = `document.body.append(Object.assign(document.createElement("div"), {style: "width: 9999px; height: 9px"})), `
	if len(browsertest.Value[[]string](tab, wider+overflowing)) == 0 {
		t.Error("what overflows isn't found")
	}
}
