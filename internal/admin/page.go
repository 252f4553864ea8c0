package admin

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

//go:embed icon.svg
var iconText string

var templates = template.Must(template.New("").Funcs(template.FuncMap{
	"id": accountID, "count": count, "size": size, "span": span, "rate": rate, "clock": clock, "code": breakable, "dict": dict,
}).Parse(pageText))

// build is another one whenever the page is: one that is open is loaded anew.
var build = func() string {
	sum := sha256.Sum256([]byte(pageText + pageStyle + pageScript))
	return hex.EncodeToString(sum[:8])
}()

// view is what the page shows.
type view struct {
	Service, Build string
	At             time.Time
	Title          string
	NotReady       string // why the service takes no events, or empty
	Summary        summary
	Choice         choice
	Accounts       []accountView // that are shown
	Chosen         int           // accounts, which may be more
	Proof          string        // that a form is of this page

	// Of the page as it is first loaded.
	Nonce         string
	Style         template.CSS
	Script        template.JS
	Replayed      int // by the form that led here
	ReplayedOf    string
	ReplayedKnown bool
	HasChoice     bool
	Kinds         []kind
}

// accountView is what the page shows of an account.
type accountView struct {
	service.Status
	State, StateText  string
	Used              meter // of the backlog
	InSpark, OutSpark spark
	Limits            []limitView
	HasDaily          bool
	Letters           []letterView
	PausedFor, TryIn  time.Duration
	IsFull            bool // so that senders are asked to retry
	FullFor, EmptyIn  time.Duration
}

// limitView are the limits of one operation. A window without one has the zero meter.
type limitView struct {
	Operation            string
	Burst, Steady, Daily meter
}

// letterView are the dead letters of one code.
type letterView struct {
	Code   string
	Count  int
	Reason service.Reason
}

// stateTexts are the states in words.
var stateTexts = map[string]string{
	delivering: "Delivering",
	full:       "Backlog full",
	paused:     "Paused",
	elsewhere:  "Delivered by another service",
	unowned:    "Delivered by no service yet",
	unknown:    "Unknown",
}

func accountID(name string) string { return "account-" + name }

// viewOf is the page of a reading.
func (s *Server) viewOf(now *reading, choice choice) *view {
	v := &view{Service: s.cfg.ID, Build: build, At: now.at, Choice: choice, Proof: s.formProof}
	if err := s.cfg.Ready(); err != nil {
		v.NotReady = err.Error()
	}
	accounts := make([]accountView, len(now.statuses))
	for i, status := range now.statuses {
		accounts[i] = accountViewOf(status, now)
	}
	attentionFirst(accounts)
	v.Summary = summaryOf(accounts)
	v.Title = v.Summary.title()
	v.Accounts, v.Chosen = choice.of(accounts)
	return v
}

// Link leads to an account on the page, or to a page that shows it.
func (v *view) Link(name string) string {
	if slices.ContainsFunc(v.Accounts, func(a accountView) bool { return a.Name == name }) {
		return "#" + accountID(name)
	}
	return "?name=" + name + "#" + accountID(name)
}

func accountViewOf(status service.Status, now *reading) accountView {
	a := accountView{Status: status, State: stateOf(status), Used: meterOf(float64(status.Backlog.Bytes), float64(status.MaxBacklog))}
	a.StateText = stateTexts[a.State]
	if since := status.Backlog.FullSince; !since.IsZero() {
		a.IsFull, a.FullFor, a.Used.Level = true, now.at.Sub(since), "full"
		if out := status.OutPerSecond(); out > 0 {
			a.EmptyIn = time.Duration(float64(status.Backlog.Events) / out * float64(time.Second))
		}
	}
	top := max(slices.Max(status.In), slices.Max(status.Out)) // so that both can be compared
	a.InSpark, a.OutSpark = sparkOf(status.In, top), sparkOf(status.Out, top)
	if p := status.Pause; p != nil {
		a.PausedFor, a.TryIn = now.at.Sub(p.Since), max(0, p.Next.Sub(now.at))
	}
	for _, q := range status.Quotas { // in the order of their operations
		if n := len(a.Limits); n == 0 || a.Limits[n-1].Operation != q.Operation {
			a.Limits = append(a.Limits, limitView{Operation: q.Operation})
		}
		limits, spent := &a.Limits[len(a.Limits)-1], meterOf(float64(q.Limit-q.Remaining), float64(q.Limit))
		switch q.Window {
		case "burst":
			limits.Burst = spent
		case "steady":
			limits.Steady = spent
		case "daily":
			limits.Daily, a.HasDaily = spent, true
		}
	}
	for code, n := range status.DeadLetters {
		a.Letters = append(a.Letters, letterView{code, n, now.reasons[status.Name][code]})
	}
	// Not by their numbers, which change: a button stays where it is.
	slices.SortFunc(a.Letters, func(x, y letterView) int { return cmp.Compare(x.Code, y.Code) })
	return a
}

// page shows the page as it is at the moment. Its script then keeps it so.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	now, err := s.board.now(r.Context())
	if err != nil {
		return // nobody waits for it any more
	}
	query := r.URL.Query()
	v := s.viewOf(now, choiceOf(query))
	v.HasChoice, v.Kinds = len(now.statuses) >= choiceFrom || v.Choice.IsMade(), kinds
	v.Nonce, v.Style, v.Script = rand.Text(), template.CSS(pageStyle), template.JS(pageScript)
	v.Replayed, err = strconv.Atoi(query.Get("replayed"))
	v.ReplayedOf = query.Get("of")
	v.ReplayedKnown = err == nil && v.Replayed >= 0 && slices.ContainsFunc(now.statuses, func(s service.Status) bool { return s.Name == v.ReplayedOf })
	text, err := s.render("page", v)
	if err != nil {
		plain(w, http.StatusInternalServerError, "the page can't be shown; see the log")
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", strings.ReplaceAll("default-src 'none'; script-src 'nonce-X'; style-src 'nonce-X'; connect-src 'self'; img-src 'self'; "+
		"form-action 'self'; base-uri 'none'; frame-ancestors 'none'", "X", v.Nonce))
	_, _ = w.Write(text)
}

func (s *Server) render(name string, v *view) ([]byte, error) {
	var text bytes.Buffer
	if err := templates.ExecuteTemplate(&text, name, v); err != nil {
		s.cfg.Log.Error("status page not rendered", "error", err)
		return nil, err
	}
	return text.Bytes(), nil
}

// dict gives a template several values by their names.
func dict(pairs ...any) map[string]any {
	values := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		values[pairs[i].(string)] = pairs[i+1]
	}
	return values
}

func icon(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write([]byte(iconText))
}
