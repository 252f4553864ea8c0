package admin

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/transfer"
)

// The states of an account.
const (
	delivering = "delivering" // by this service
	full       = "full"       // delivering, and senders are asked to retry
	paused     = "paused"
	elsewhere  = "elsewhere" // another service delivers it
	unowned    = "unowned"
	unknown    = "unknown" // the store doesn't tell who delivers it
)

func stateOf(s service.Status) string {
	switch {
	case s.Owned && s.Pause != nil:
		return paused
	case s.Owned && !s.Backlog.FullSince.IsZero():
		return full
	case s.Owned:
		return delivering
	case s.Owner != "":
		return elsewhere
	case s.Err != nil:
		return unknown
	}
	return unowned
}

// The documents of /accounts. Scripts read them: their names stay.
type (
	accountsDocument struct {
		Service  string            `json:"service"`
		Accounts []accountDocument `json:"accounts"`
	}
	accountDocument struct {
		Name         string          `json:"name"`
		State        string          `json:"state"`
		Owner        string          `json:"owner"`
		Owned        bool            `json:"owned"`
		Revision     string          `json:"revision"`
		Pause        *pauseDocument  `json:"pause"`
		Backlog      backlogDocument `json:"backlog"`
		Delivered    int             `json:"delivered"`
		Counts       transfer.Counts `json:"counts"`
		InPerSecond  float64         `json:"in_per_second"`
		OutPerSecond float64         `json:"out_per_second"`
		In           []int64         `json:"in"`
		Out          []int64         `json:"out"`
		Quotas       []quotaDocument `json:"quotas"`
		DeadLetters  map[string]int  `json:"dead_letters"`
		Error        string          `json:"error"`
		StoreRead    *time.Time      `json:"store_read"`
	}
	pauseDocument struct {
		Reason         string    `json:"reason"`
		Message        string    `json:"message"`
		Advice         string    `json:"advice"`
		Since          time.Time `json:"since"`
		NextTry        time.Time `json:"next_try"`
		NextTrySeconds float64   `json:"next_try_seconds"`
		PausedSeconds  float64   `json:"paused_seconds"`
	}
	backlogDocument struct {
		Events              int     `json:"events"`
		Messages            int     `json:"messages"`
		Bytes               int64   `json:"bytes"`
		MaxBytes            int64   `json:"max_bytes"`
		Full                bool    `json:"full"`
		FullSeconds         float64 `json:"full_seconds"`
		OldestUndoneSeconds float64 `json:"oldest_undone_seconds"`
	}
	quotaDocument struct {
		Operation    string  `json:"operation"`
		Window       string  `json:"window"`
		Limit        int     `json:"limit"`
		Remaining    int     `json:"remaining"`
		ResetSeconds float64 `json:"reset_seconds"`
	}
)

// documentOf shows what an account was at a time.
func documentOf(s service.Status, at time.Time) accountDocument {
	d := accountDocument{
		Name: s.Name, State: stateOf(s), Owner: s.Owner, Owned: s.Owned, Revision: s.Revision,
		Backlog:   backlogDocument{Events: s.Backlog.Events, Messages: s.Backlog.Messages, Bytes: s.Backlog.Bytes, MaxBytes: s.MaxBacklog, OldestUndoneSeconds: seconds(s.OldestUndone)},
		Delivered: s.Delivered, Counts: s.Counts,
		InPerSecond: s.InPerSecond(), OutPerSecond: s.OutPerSecond(), In: s.In, Out: s.Out,
		Quotas: []quotaDocument{}, DeadLetters: s.DeadLetters,
	}
	if since := s.Backlog.FullSince; !since.IsZero() {
		d.Backlog.Full, d.Backlog.FullSeconds = true, seconds(at.Sub(since))
	}
	if p := s.Pause; p != nil {
		d.Pause = &pauseDocument{p.Reason, p.Message, p.Advice, p.Since.UTC(), p.Next.UTC(), seconds(p.Next.Sub(at)), seconds(at.Sub(p.Since))}
	}
	for _, q := range s.Quotas {
		quota := quotaDocument{Operation: q.Operation, Window: q.Window, Limit: q.Limit, Remaining: q.Remaining}
		if !q.Reset.IsZero() {
			quota.ResetSeconds = seconds(q.Reset.Sub(at))
		}
		d.Quotas = append(d.Quotas, quota)
	}
	if d.DeadLetters == nil {
		d.DeadLetters = map[string]int{}
	}
	if s.Err != nil {
		d.Error = s.Err.Error()
	}
	if !s.StoreRead.IsZero() {
		read := s.StoreRead.UTC()
		d.StoreRead = &read
	}
	return d
}

// seconds are those of a duration, which isn't negative, to the millisecond.
func seconds(d time.Duration) float64 { return max(0, d).Round(time.Millisecond).Seconds() }

// accounts shows the accounts as JSON.
func (s *Server) accounts(w http.ResponseWriter, r *http.Request) {
	now, err := s.board.now(r.Context())
	if err != nil {
		return // nobody waits for it any more
	}
	document := accountsDocument{Service: s.cfg.ID, Accounts: []accountDocument{}}
	for _, status := range now.statuses {
		document.Accounts = append(document.Accounts, documentOf(status, now.at))
	}
	writeJSON(w, http.StatusOK, document)
}

func writeJSON(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(document) // nobody is there to be told
}
