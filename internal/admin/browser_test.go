package admin

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

var screenshots = flag.String("screenshots", "", "a folder for pictures of the page in every width and colour")

// tab is one of a browser. What its pages complain of is an error of the test.
type tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// browse starts a browser, or skips the test where there is none.
func browse(t *testing.T) *tab {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes seconds")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("there is no Chromium on the path: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.WSURLReadTimeout(time.Minute))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, end := chromedp.NewContext(allocator)
	ctx, late := context.WithTimeout(ctx, 3*time.Minute)
	b := &tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		late()
		end()
		cancel()
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, fault := range b.faults {
			t.Error(fault)
		}
	})
	listen := func(event any) {
		var fault string
		switch e := event.(type) {
		case *log.EventEntryAdded:
			fault = fmt.Sprint("the log has: ", e.Entry.Text, " ", e.Entry.URL)
		case *runtime.EventExceptionThrown:
			fault = fmt.Sprint("an exception: ", e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			fault = fmt.Sprint("the console is used: ", e.Type)
		default:
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.faults = append(b.faults, fault)
	}
	if err := chromedp.Listen(ctx, listen); err != nil {
		t.Fatal(err)
	}
	call(b, log.Enable, cdp.Empty{})
	b.do(chromedp.Navigate("about:blank"))
	value[any](b, `console.error("to see that it is seen")`)
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.faults) != 1 {
		t.Fatalf("of an error on the console is seen: %q", b.faults)
	}
	b.faults = nil
	return b
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

func call[P, R any](b *tab, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Call(b.ctx, command, params)
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

// value is that of an expression.
func value[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// text is that of the first element of a selector, as it is seen.
func (b *tab) text(selector string) string {
	b.t.Helper()
	return value[string](b, fmt.Sprintf(`document.querySelector(%q)?.innerText.replace(/\s+/g, " ").trim() ?? "(nothing)"`, selector))
}

// look sets the width and the colours.
func (b *tab) look(width int, colours string) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(int64(width), 900))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: append([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colours}}, reducedMotion...),
	})
}

func (b *tab) picture(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// contrasts finds texts whose colour is too near to what they stand on, by the rule of WCAG
// for text of any size.
const contrasts = `(() => {
	const parse = (colour) => {
		const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number)
		return { rgb: [r, g, b], a }
	}
	const luminance = ({ rgb }) => {
		const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const colour = parse(getComputedStyle(e).backgroundColor)
			if (colour.a === 1) return colour
		}
		return { rgb: [255, 255, 255] }
	}
	const poor = []
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest("svg, script, style, noscript")) continue
		if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.nodeValue.trim())) continue
		const [light, dark] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))].sort((a, b) => b - a)
		const ratio = (light + 0.05) / (dark + 0.05)
		if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + e.outerHTML.slice(0, 120))
	}
	return poor
})()`

// TestLayout shows accounts in every state in every width and colour.
func TestLayout(t *testing.T) {
	accounts := everyState(time.Now())
	url, _ := run(t, Config{Accounts: accounts, ID: "node-1", Ready: func() error { return errors.New("the store is unavailable: it is closed") }})
	b := browse(t)
	b.do(chromedp.Navigate(url))
	b.shows("#connection", "Live")
	// A transition would be looked at in its middle.
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: reducedMotion})
	if poor := value[[]string](b, `document.body.style.color = "#ccd", `+contrasts); len(poor) == 0 {
		t.Error("grey on white passes for legible")
	}
	value[string](b, `document.body.style.color = ""`)
	for _, colours := range []string{"light", "dark"} {
		for _, width := range []int{380, 768, 1024, 1600} {
			b.look(width, colours)
			if got := value[int](b, `document.documentElement.scrollWidth`); got > width {
				wide := value[[]string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100))`)
				t.Errorf("in %s at %d pixels the page has %d: %s", colours, width, got, strings.Join(wide, "\n"))
			}
			if poor := value[[]string](b, contrasts); len(poor) > 0 {
				t.Errorf("in %s at %d pixels these are hard to read:\n%s", colours, width, strings.Join(poor, "\n"))
			}
			b.names(width)
			b.picture(fmt.Sprintf("%s-%d", colours, width))
		}
	}
}

// TestPageBecomesTheNext has the page go through changes one after the other. It is then
// what a page is that is loaded anew, and what is in use stays.
func TestPageBecomesTheNext(t *testing.T) {
	accounts := everyState(time.Now())
	url, _ := run(t, Config{Accounts: accounts, ID: "node-1"})
	b := browse(t)
	b.do(chromedp.Navigate(url))
	first := accounts.statuses
	eu := func(letters map[string]int, change func(*service.Status)) []service.Status {
		next := slices.Clone(first)
		next[1].DeadLetters = letters
		if change != nil {
			change(&next[1])
		}
		return next
	}
	const button = "#account-shop-eu-code-invalid button"
	b.do(chromedp.Focus(button))
	for _, step := range []struct {
		name     string
		statuses []service.Status
		focus    string
	}{
		{"a code before", eu(map[string]int{"a": 1, "invalid": 12, "missing_identifier": 30}, nil), "invalid"},
		{"another in its place", eu(map[string]int{"b": 1, "invalid": 13}, nil), "invalid"},
		{"paused", eu(map[string]int{"invalid": 13, "x": 1, "y": 2}, func(s *service.Status) { s.Pause = first[2].Pause }), "invalid"},
		{"no limits, no store", eu(map[string]int{"invalid": 13}, func(s *service.Status) { s.Quotas, s.Err = nil, errors.New("the store is unavailable") }), "invalid"},
		{"one account", eu(map[string]int{"invalid": 13}, nil)[1:2], "invalid"},
		{"all again", first, "invalid"},
		{"turned round", []service.Status{first[3], first[1], first[2], first[0]}, "invalid"},
		{"without the code", eu(map[string]int{"missing_identifier": 30}, nil), "shop-eu"},
		{"without letters", eu(nil, nil), "shop-eu"},
		{"none", nil, ""},
		{"from none", first, ""},
	} {
		accounts.now(step.statuses...)
		const differs = `fetch("./").then((answer) => answer.text()).then((text) => {
			const main = new DOMParser().parseFromString(text.match(/<main[^]*<\/main>/)[0], "text/html").querySelector("main")
			return main.isEqualNode(document.querySelector("main")) ? "" : main.outerHTML + "\n\n" + document.querySelector("main").outerHTML
		})`
		var difference string
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			var err error
			if difference, err = chromedp.Run(b.ctx, chromedp.Evaluate[string](differs, chromedp.EvalAwaitPromise)); err != nil {
				t.Fatal(err)
			}
			articles := value[int](b, `document.querySelectorAll("article").length`)
			if difference == "" && articles == len(step.statuses) && value[bool](b, fmt.Sprintf(`document.querySelectorAll("#account-shop-eu .letters tbody tr").length === %d`, lettersOf(step.statuses))) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: a page that is loaded anew and the one that is open:\n%s", step.name, difference)
			}
		}
		focus := value[string](b, `((document.activeElement.closest("tr") ?? {}).id ?? document.activeElement.id ?? "").replace("account-shop-eu-code-", "").replace(/^account-(.*)-name$/, "$1")`)
		if focus != step.focus {
			t.Errorf("%s: the focus is at %q, want %q", step.name, focus, step.focus)
		}
	}
}

// lettersOf counts the codes of shop-eu.
func lettersOf(statuses []service.Status) int {
	for _, s := range statuses {
		if s.Name == "shop-eu" {
			return len(s.DeadLetters)
		}
	}
	return 0
}

// TestPageOutlivesTheService says that it isn't connected while there is no service, and goes
// on with the next one, whose forms it then has.
func TestPageOutlivesTheService(t *testing.T) {
	accounts := everyState(time.Now())
	url, first := run(t, Config{Accounts: accounts})
	b := browse(t)
	b.do(chromedp.Navigate(url))
	b.shows("#connection", "Live")
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.shows("#connection", "Not connected: trying again")
	_, second := run(t, Config{Accounts: accounts, Address: strings.TrimPrefix(url, "http://")})
	b.shows("#connection", "Live")
	eventually(t, "the form is the new service's", func() bool {
		return value[string](b, `document.querySelector("form input").value`) == second.formProof
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = slices.DeleteFunc(b.faults, func(fault string) bool { return strings.Contains(fault, "net::ERR_") }) // while there is none
}

var reducedMotion = []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}}

// needName are the roles whose elements a screen reader tells by their names.
var needName = []string{"article", "button", "columnheader", "heading", "image", "link", "meter", "navigation", "region", "rowheader", "table", "textbox"}

// names holds the page to what a screen reader needs: landmarks, and a name for each thing
// that can be used or is told of.
func (b *tab) names(width int) {
	b.t.Helper()
	count := map[string]int{}
	for _, node := range call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := stringOf(node.Role), stringOf(node.Name)
		count[role]++
		if name == "" && slices.Contains(needName, role) {
			b.t.Errorf("at %d pixels a %s has no name", width, role)
		}
	}
	want := map[string]int{"banner": 1, "main": 1, "contentinfo": 1, "navigation": 1, "article": 4, "button": 3, "table": 4, "meter": 11, "image": 8, "status": 4, "row": 10}
	got := map[string]int{}
	for role := range want {
		got[role] = count[role]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		b.t.Errorf("at %d pixels the page has these roles (-want +got)\n%s", width, diff)
	}
}

// stringOf is the text of a value, empty for none.
func stringOf(v *accessibility.Value) string {
	var text string
	if v != nil {
		_ = json.Unmarshal(v.Value, &text) // what is no text has none
	}
	return strings.TrimSpace(text)
}
