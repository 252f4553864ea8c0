package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/internal/browsertest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

// TestLayout shows accounts in every state in every width and colour.
func TestLayout(t *testing.T) {
	accounts := everyState(time.Now())
	url, _ := run(t, Config{Accounts: accounts, ID: "node-1", Ready: func() error { return errors.New("the store is unavailable: it is closed") }})
	b := browsertest.Open(t)
	b.Do(chromedp.Navigate(url))
	b.Shows("#connection", "Live")
	b.Look(1280, "light")
	browsertest.Value[string](b, `document.body.style.color = "#ccd"`)
	if len(b.Illegible()) == 0 {
		t.Error("grey on white passes for legible")
	}
	browsertest.Value[string](b, `document.body.style.color = ""`)
	for _, colours := range []string{"light", "dark"} {
		for _, width := range []int{380, 768, 1024, 1600} {
			b.Look(width, colours)
			if got := browsertest.Value[int](b, `document.documentElement.scrollWidth`); got > width {
				wide := browsertest.Value[[]string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100))`)
				t.Errorf("in %s at %d pixels the page has %d: %s", colours, width, got, strings.Join(wide, "\n"))
			}
			if poor := b.Illegible(); len(poor) > 0 {
				t.Errorf("in %s at %d pixels these are hard to read:\n%s", colours, width, strings.Join(poor, "\n"))
			}
			names(t, b, width)
			b.Picture(fmt.Sprintf("%s-%d", colours, width))
		}
	}
}

// TestPageBecomesTheNext has the page go through changes one after the other. It is then
// what a page is that is loaded again, and what is in use stays.
func TestPageBecomesTheNext(t *testing.T) {
	accounts := everyState(time.Now())
	url, _ := run(t, Config{Accounts: accounts, ID: "node-1"})
	b := browsertest.Open(t)
	b.Do(chromedp.Navigate(url))
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
	b.Do(chromedp.Focus(button))
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
			difference = browsertest.Value[string](b, differs)
			articles := browsertest.Value[int](b, `document.querySelectorAll("article").length`)
			if difference == "" && articles == len(step.statuses) && browsertest.Value[bool](b, fmt.Sprintf(`document.querySelectorAll("#account-shop-eu .letters tbody tr").length === %d`, lettersOf(step.statuses))) {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: a page that is loaded anew and the one that is open:\n%s", step.name, difference)
			}
		}
		focus := browsertest.Value[string](b, `((document.activeElement.closest("tr") ?? {}).id ?? document.activeElement.id ?? "").replace("account-shop-eu-code-", "").replace(/^account-(.*)-name$/, "$1")`)
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
	b := browsertest.Open(t)
	b.Do(chromedp.Navigate(url))
	b.Shows("#connection", "Live")
	if err := first.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.Shows("#connection", "Not connected: trying again")
	_, second := run(t, Config{Accounts: accounts, Address: strings.TrimPrefix(url, "http://")})
	b.Shows("#connection", "Live")
	eventually(t, "the form is the new service's", func() bool {
		return browsertest.Value[string](b, `document.querySelector("form input").value`) == second.formProof
	})
	b.Forgive("net::ERR_") // while there is none
}

// needName are the roles whose elements a screen reader tells by their names.
var needName = []string{"article", "button", "columnheader", "heading", "image", "link", "meter", "navigation", "region", "rowheader", "table", "textbox"}

// names holds the page to what a screen reader needs: landmarks, and a name for each thing
// that can be used or is told of.
func names(t *testing.T, b *browsertest.Tab, width int) {
	t.Helper()
	count := map[string]int{}
	for _, node := range browsertest.Call(b, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{}).Nodes {
		if node.Ignored || node.Role == nil {
			continue
		}
		role, name := stringOf(node.Role), stringOf(node.Name)
		count[role]++
		if name == "" && slices.Contains(needName, role) {
			t.Errorf("at %d pixels a %s has no name", width, role)
		}
	}
	want := map[string]int{"banner": 1, "main": 1, "contentinfo": 1, "navigation": 1, "article": 5, "button": 3, "table": 4, "meter": 12, "image": 10, "status": 4, "row": 10}
	got := map[string]int{}
	for role := range want {
		got[role] = count[role]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("at %d pixels the page has these roles (-want +got)\n%s", width, diff)
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
