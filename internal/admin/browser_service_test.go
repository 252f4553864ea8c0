package admin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/client/klaviyotest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/browsertest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/inbox"
	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// running is a service with a Klaviyo that lets one key in.
type running struct {
	*service.Service
	t       *testing.T
	klaviyo *klaviyotest.Klaviyo
	eu, us  config.Account
	sent    atomic.Int32
}

// serve runs a service of two accounts, of which shop-us has a wrong key.
func serve(t *testing.T) *running {
	t.Helper()
	engine, err := stream.Embed(stream.EmbedConfig{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{
		t: t, klaviyo: klaviyotest.New(klaviyotest.WithKey("pk_right")),
		eu: config.Account{Name: "shop-eu", Key: "pk_right", MaxBacklog: 64 << 20},
		us: config.Account{Name: "shop-us", Key: "pk_wrong", MaxBacklog: 64 << 20},
	}
	r.Service, err = service.New(t.Context(), service.Config{
		Engine: engine, ID: "node-1", Logger: slog.New(slog.DiscardHandler),
		Client: func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error) {
			if account.Mapping.AllowExternalIDOnly {
				options = append(options, client.WithExternalIDOnly())
			}
			hc := &http.Client{Transport: delivery.Transport(through(r.klaviyo.Transport()))}
			return client.New(account.Key, append(options, client.WithHTTPClient(hc))...)
		},
	}, []config.Account{r.eu, r.us})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func (r *running) reload() {
	r.t.Helper()
	if err := r.Reload(r.t.Context(), []config.Account{r.eu, r.us}); err != nil {
		r.t.Fatal(err)
	}
}

// send keeps events of an account.
func (r *running) send(account string, events ...string) {
	r.t.Helper()
	for _, event := range events {
		message := inbox.Append(nil, inbox.Request{Kind: inbox.Webhook, Received: time.Now(), Body: []byte(event)})
		if err := r.Publish(r.t.Context(), account, message, 1, fmt.Sprint(r.sent.Add(1))); err != nil {
			r.t.Fatal(err)
		}
	}
}

// tracks are events that can be delivered.
func (r *running) tracks(n int) (events []string) {
	for range n {
		events = append(events, fmt.Sprintf(`{"type":"track","event":"Ping","messageId":"m-%d-%d","timestamp":"2026-01-01T00:00:00Z","properties":{"email":"jane@example.com"}}`, r.sent.Load(), len(events)))
	}
	return events
}

const withoutPerson = `{"type":"track","event":"Ping","userId":"7","properties":{"quoted":"jane@example.com"}}`

var eventually = servetest.Eventually

func get(t *testing.T, url string) string {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// shownFigures reads the page's numbers under the names of the metrics.
const shownFigures = `(() => {
	const figures = {}
	const number = (element) => element.innerText.replace(/[^0-9.–]/g, "")
	for (const account of document.querySelectorAll("article")) {
		const name = account.querySelector("h2").innerText
		const set = (metric, element) => { figures[name + " " + metric] = number(element) }
		set("backlog_events", account.querySelector(".backlog b"))
		figures[name + " backlog_bytes"] = account.querySelector(".backlog .meter").getAttribute("aria-valuenow")
		set("delivered_total", account.querySelector(".delivered b"))
		const reason = account.querySelector(".notice.warn code")
		if (reason) figures[name + " account_paused " + reason.innerText] = "1"
		for (const row of account.querySelectorAll(".letters tbody tr")) set("dead_letters " + row.querySelector(".code").innerText, row.querySelector(".amount"))
		for (const row of account.querySelectorAll(".limits tbody tr")) {
			const [burst, steady] = [...row.querySelectorAll(".spent .meter")]
			for (const [window, meter] of [["burst", burst], ["steady", steady]]) {
				figures[[name, "quota", row.querySelector("th").innerText, window].join(" ")] = meter.getAttribute("aria-valuenow") + " of " + meter.getAttribute("aria-valuemax")
			}
		}
	}
	return figures
})()`

// metricsFigures reads those of them that are metrics.
func metricsFigures(text string) map[string]string {
	figures, remaining, limits := map[string]string{}, map[string]float64{}, map[string]float64{}
	for _, found := range regexp.MustCompile(`(?m)^rudderklaviyo_(\w+)\{([^}]*)\} (\S+)$`).FindAllStringSubmatch(text, -1) {
		labels := map[string]string{}
		for _, label := range regexp.MustCompile(`(\w+)="([^"]*)"`).FindAllStringSubmatch(found[2], -1) {
			labels[label[1]] = label[2]
		}
		account, value := labels["account"], found[3]
		number, _ := strconv.ParseFloat(value, 64)
		switch found[1] {
		case "backlog_events", "backlog_bytes", "delivered_total":
			figures[account+" "+found[1]] = strconv.FormatFloat(number, 'f', -1, 64)
		case "account_paused":
			figures[account+" account_paused "+labels["reason"]] = value
		case "quota_remaining":
			remaining[account+" quota "+labels["operation"]+" "+labels["window"]] = number
		case "quota_limit":
			limits[account+" quota "+labels["operation"]+" "+labels["window"]] = number
		}
	}
	for name, limit := range limits {
		figures[name] = fmt.Sprintf("%g of %g", limit-remaining[name], limit)
	}
	return figures
}

// accountsFigures reads those of them that /accounts has.
func accountsFigures(t *testing.T, text string) map[string]string {
	t.Helper()
	var document accountsDocument
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		t.Fatal(err)
	}
	figures := map[string]string{}
	for _, a := range document.Accounts {
		figures[a.Name+" backlog_events"] = strconv.Itoa(a.Backlog.Events)
		figures[a.Name+" backlog_bytes"] = strconv.FormatInt(a.Backlog.Bytes, 10)
		figures[a.Name+" delivered_total"] = strconv.Itoa(a.Delivered)
		if a.Pause != nil {
			figures[a.Name+" account_paused "+a.Pause.Reason] = "1"
		}
		for code, n := range a.DeadLetters {
			figures[a.Name+" dead_letters "+code] = strconv.Itoa(n)
		}
		for _, q := range a.Quotas {
			figures[a.Name+" quota "+q.Operation+" "+q.Window] = fmt.Sprintf("%d of %d", q.Limit-q.Remaining, q.Limit)
		}
	}
	return figures
}

// TestPageOfAService works with the page as a person does, while a service delivers.
func TestPageOfAService(t *testing.T) {
	r := serve(t)
	url, _ := run(t, Config{Accounts: r, ID: "node-1", Token: testToken})
	b := browsertest.Open(t)
	b.Look(1280, "light")
	b.Do(chromedp.Navigate(url))
	browsertest.Value[string](b, `window.loaded = "once"`)

	r.send("shop-eu", r.tracks(20)...)
	r.send("shop-eu", withoutPerson, withoutPerson, `no event`)
	r.send("shop-us", r.tracks(3)...)
	b.Shows("#account-shop-eu .delivered b", "20")
	b.Shows("#account-shop-us .backlog b", "3")
	b.Shows("#account-shop-us .state", "Paused")
	b.Shows("#summary", "1 of 2 accounts is paused: shop-us. 1 is delivering.")
	b.Shows("#account-shop-eu-code-missing_identifier .amount", "2")
	b.Shows("#account-shop-eu .backlog b", "0")

	// The reading that is shown is up to a second old, and a limit's window may end in it.
	var shown, metrics, accounts map[string]string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		shown = browsertest.Value[map[string]string](b, shownFigures)
		metrics, accounts = metricsFigures(get(t, url+"/metrics")), accountsFigures(t, get(t, url+"/accounts"))
		if cmp.Equal(shown, accounts) && isPart(metrics, shown) {
			break
		}
	}
	if diff := cmp.Diff(accounts, shown); diff != "" {
		t.Errorf("/accounts (-) and the page (+)\n%s", diff)
	}
	if !isPart(metrics, shown) || len(metrics) < 8 {
		t.Errorf("/metrics say\n%v\nand the page\n%v", metrics, shown)
	}
	if text := b.Text("#account-shop-eu .letters"); !strings.Contains(text, "No email and no phone number") && !strings.Contains(text, "no email and no phone number") {
		t.Errorf("the page shows no reason: %s", text)
	}
	if text := browsertest.Value[string](b, `document.documentElement.outerHTML`); strings.Contains(text, "jane@example.com") {
		t.Error("the page shows a person")
	}

	r.send("shop-eu", r.tracks(5)...)
	b.Shows("#account-shop-eu .delivered b", "25")
	if got := b.Text("#account-shop-eu .out .number"); got == "0 events/s" {
		t.Error("the rate of delivery is 0 after a delivery")
	}
	b.Picture("service")

	// By the keyboard, while the page goes on.
	const button = "#account-shop-eu-code-missing_identifier button"
	for range 50 {
		b.Do(chromedp.KeyEvent(kb.Tab))
		if browsertest.Value[bool](b, fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, button)) {
			break
		}
	}
	for range 2 {
		before := b.Text("main time")
		eventually(t, "the page goes on", func() bool { return b.Text("main time") != before })
	}
	if !browsertest.Value[bool](b, fmt.Sprintf(`document.activeElement === document.querySelector(%q)`, button)) {
		t.Fatal("the button has no focus, or lost it")
	}
	if got := browsertest.Value[string](b, `getComputedStyle(document.activeElement).outlineStyle`); got != "solid" {
		t.Errorf("the focus can't be seen: %s", got)
	}
	r.eu.Mapping.AllowExternalIDOnly = true
	r.reload()
	b.Do(chromedp.KeyEvent(kb.Enter))
	b.Shows("#said", "2 events of shop-eu will be delivered again.")
	b.Shows("#account-shop-eu .delivered b", "27")
	b.Shows(button, "(nothing)")
	if got := browsertest.Value[string](b, `document.activeElement.id`); got != "account-shop-eu-name" {
		t.Errorf("after the button is gone the focus is at %q", got)
	}

	// A form that isn't of this process is refused, and says so.
	browsertest.Value[string](b, `document.querySelector(".letters input").value = "another"`)
	b.Do(chromedp.Click("#account-shop-eu .letters button"))
	eventually(t, "the page tells of the refusal", func() bool {
		return strings.HasPrefix(b.Text("#said[data-outcome=bad]"), "No event of shop-eu is replayed: ")
	})
	b.Forgive("status of 403")

	// So does one whose password is no longer the token.
	browsertest.Value[string](b, `window.asked = window.fetch; window.fetch = async () => new Response("unauthorized", { status: 401 }); ""`)
	b.Do(chromedp.Click("#account-shop-eu .letters button"))
	b.Shows("#said", "No event of shop-eu is replayed: the admin token has changed. Reload the page, and enter the new one.")
	browsertest.Value[string](b, `window.fetch = window.asked; ""`)

	r.us.Key = "pk_right"
	r.reload()
	b.Shows("#account-shop-us .state", "Delivering")
	b.Shows("#summary", "All 2 accounts are delivering.")
	if got := browsertest.Value[string](b, `window.loaded`); got != "once" {
		t.Error("the page was loaded again")
	}

	// Without scripts the button works as well.
	browsertest.Call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.Do(chromedp.Navigate(url), chromedp.Focus("#account-shop-eu .letters button"), chromedp.KeyEvent(kb.Enter))
	b.Shows("#said", "1 event of shop-eu will be delivered again.")
}

// isPart reports whether the entries of a map are those of another, too.
func isPart(part, of map[string]string) bool {
	both := maps.Clone(of)
	maps.Copy(both, part)
	return maps.Equal(both, of)
}
