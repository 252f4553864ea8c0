// Package browsertest opens pages in Chromium, for tests.
package browsertest

import (
	"context"
	_ "embed"
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

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.String("screenshots", "", "a folder for pictures of the pages in every width and colour")

// Tab is one of a browser. What its pages complain of is an error of the test.
type Tab struct {
	t   *testing.T
	ctx context.Context

	mu     sync.Mutex
	faults []string
}

// Open starts a browser that ends with the test, or skips the test where there is none.
func Open(t *testing.T) *Tab {
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
	tab := &Tab{t: t, ctx: ctx}
	t.Cleanup(func() {
		late()
		end()
		cancel()
		tab.mu.Lock()
		defer tab.mu.Unlock()
		for _, fault := range tab.faults {
			t.Error(fault)
		}
	})
	if err := chromedp.Listen(ctx, tab.listen); err != nil {
		t.Fatal(err)
	}
	Call(tab, log.Enable, cdp.Empty{})
	tab.Do(chromedp.Navigate("about:blank"))
	Value[any](tab, `console.error("to see that it is seen")`)
	tab.mu.Lock()
	defer tab.mu.Unlock()
	if len(tab.faults) != 1 {
		t.Fatalf("of an error on the console is seen: %q", tab.faults)
	}
	tab.faults = nil
	return tab
}

// listen notes what the pages complain of.
func (tab *Tab) listen(event any) {
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
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.faults = append(tab.faults, fault)
}

// Forgive forgets the complaints so far that have a text in them.
func (tab *Tab) Forgive(text string) {
	tab.mu.Lock()
	defer tab.mu.Unlock()
	tab.faults = slices.DeleteFunc(tab.faults, func(fault string) bool { return strings.Contains(fault, text) })
}

// Do takes steps one after the other.
func (tab *Tab) Do(steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	if err := chromedp.Do(tab.ctx, steps...); err != nil {
		tab.t.Fatal(err)
	}
}

// Call gives a command of the browser's protocol.
func Call[P, R any](tab *Tab, command cdp.Command[P, R], params P) R {
	tab.t.Helper()
	result, err := chromedp.Call(tab.ctx, command, params)
	if err != nil {
		tab.t.Fatal(err)
	}
	return result
}

// Value evaluates an expression, and what it promises.
func Value[T any](tab *Tab, expression string) T {
	tab.t.Helper()
	value, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// Text is that of the first element of a selector, as it is seen.
func (tab *Tab) Text(selector string) string {
	tab.t.Helper()
	return Value[string](tab, fmt.Sprintf(`document.querySelector(%q)?.innerText.replace(/\s+/g, " ").trim() ?? "(nothing)"`, selector))
}

// Shows waits until the first element of a selector has a text.
func (tab *Tab) Shows(selector, text string) {
	tab.t.Helper()
	var got string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if got = tab.Text(selector); got == text {
			return
		}
	}
	tab.t.Fatalf("%s has %q, want %q", selector, got, text)
}

// Look sets the width and the colours, "light" or "dark". Nothing moves, since a transition
// would be looked at in its middle.
func (tab *Tab) Look(width int, colours string) {
	tab.t.Helper()
	tab.Do(chromedp.EmulateViewport(int64(width), 900))
	Call(tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: colours},
		{Name: "prefers-reduced-motion", Value: "reduce"},
	}})
}

//go:embed contrast.js
var contrast string

// Illegible finds texts whose colour is too near to what they stand on, by the rule of WCAG
// for text of any size.
func (tab *Tab) Illegible() []string {
	tab.t.Helper()
	return Value[[]string](tab, contrast)
}

// Picture takes one of the page for the folder of -screenshots, if there is one.
func (tab *Tab) Picture(name string) {
	tab.t.Helper()
	if *screenshots == "" {
		return
	}
	png, err := chromedp.Run(tab.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o600); err != nil {
		tab.t.Fatal(err)
	}
}
