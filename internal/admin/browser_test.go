package admin

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: colours}},
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

// TestLayout shows accounts in every state in every width and colour.
func TestLayout(t *testing.T) {
	accounts := everyState(time.Now())
	url, _ := run(t, Config{Accounts: accounts, ID: "node-1"})
	b := browse(t)
	b.do(chromedp.Navigate(url))
	for _, colours := range []string{"light", "dark"} {
		for _, width := range []int{380, 768, 1024, 1600} {
			b.look(width, colours)
			if got := value[int](b, `document.documentElement.scrollWidth`); got > width {
				wide := value[[]string](b, `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 100))`)
				t.Errorf("in %s at %d pixels the page has %d: %s", colours, width, got, strings.Join(wide, "\n"))
			}
			b.picture(fmt.Sprintf("%s-%d", colours, width))
		}
	}
}
