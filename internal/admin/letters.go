package admin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/internal/credential"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
)

// letters gives an account's dead letters as JSON Lines, the records that send writes. They
// hold events, and so personal data.
func (s *Server) letters(w http.ResponseWriter, r *http.Request) {
	if s.proofOf(r) == none {
		s.unauthorized(w)
		return
	}
	ctx, cancel, control := s.lasting(w, r)
	defer cancel()
	account := r.PathValue("account")
	letters, err := s.cfg.Accounts.Letters(ctx, account, r.URL.Query().Get("code"))
	if err != nil {
		s.failed(w, err)
		return
	}
	began := false
	for letter, err := range letters {
		if err != nil && !began {
			s.failed(w, err)
			return
		}
		if !began {
			w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
			began = true
		}
		if err == nil {
			_ = control.SetWriteDeadline(time.Now().Add(writeTime))
			_, err = w.Write(letter.Record)
		}
		if err != nil {
			s.cfg.Log.Warn("export of dead letters cut off", "account", account, "error", err)
			panic(http.ErrAbortHandler) // so that the reader doesn't take them for all
		}
	}
	if !began {
		w.Header().Set("Content-Type", "application/jsonl; charset=utf-8")
	}
}

// deleteLetters deletes an account's dead letters, for programs that have the token alone: what
// is deleted can't be brought back.
func (s *Server) deleteLetters(w http.ResponseWriter, r *http.Request) {
	if s.proofOf(r) != bearer {
		s.unauthorized(w)
		return
	}
	ctx, cancel, control := s.lasting(w, r)
	defer cancel()
	account := r.PathValue("account")
	n, err := s.cfg.Accounts.Delete(ctx, account, r.URL.Query().Get("code"))
	_ = control.SetWriteDeadline(time.Now().Add(writeTime))
	s.board.forget()
	document := deleteDocument{Deleted: n}
	status := http.StatusOK
	if err != nil {
		s.cfg.Log.Warn("deletion of dead letters cut off", "account", account, "deleted", n, "error", err)
		document.Error, status = err.Error(), statusOf(err)
	}
	writeJSON(w, status, document)
}

// deleteDocument is the answer to a deletion.
type deleteDocument struct {
	Deleted int    `json:"deleted"`
	Error   string `json:"error,omitempty"`
}

// replays are the accounts whose dead letters are being replayed.
type replays struct {
	mu    sync.Mutex
	under map[string]bool
}

// begin tells whether an account's may begin.
func (r *replays) begin(account string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.under[account] {
		return false
	}
	if r.under == nil {
		r.under = map[string]bool{}
	}
	r.under[account] = true
	return true
}

func (r *replays) end(account string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.under, account)
}

// replayDocument is the answer to a replay.
type replayDocument struct {
	Replayed int    `json:"replayed"`
	Error    string `json:"error,omitempty"`
}

var (
	errNotAllowed = errors.New("the admin token is missing or wrong: send it as Authorization: Bearer TOKEN, or use the button on the page. If the service has restarted, reload the page first")
	errReplaying  = errors.New("a replay of the account's dead letters is already in progress")
)

// replay delivers an account's dead letters again. A program that has the token may do so,
// and the page's form, which no other site's page can send: it proves that it is of a page
// of this process, and a browser says where it comes from.
func (s *Server) replay(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	form := s.proofOf(r) != bearer
	if form && (crossOrigin.Check(r) != nil || !credential.Equal(r.PostFormValue("proof"), s.formProof)) {
		s.replayed(w, r, 0, errNotAllowed)
		return
	}
	account := r.PathValue("account")
	if !s.replays.begin(account) {
		s.replayed(w, r, 0, errReplaying)
		return
	}
	defer s.replays.end(account)
	if form { // a second click, or a closed page, doesn't end the first
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	ctx, cancel, control := s.lasting(w, r)
	defer cancel()
	n, err := s.cfg.Accounts.Replay(ctx, account, r.URL.Query().Get("code"))
	_ = control.SetWriteDeadline(time.Now().Add(writeTime))
	s.board.forget()
	if err != nil {
		s.cfg.Log.Warn("replay of dead letters cut off", "account", account, "replayed", n, "error", err)
	}
	s.replayed(w, r, n, err)
}

var crossOrigin = http.NewCrossOriginProtection()

// replayed answers a replay: a browser's form goes back to the page.
func (s *Server) replayed(w http.ResponseWriter, r *http.Request, n int, err error) {
	isForm := strings.Contains(r.Header.Get("Accept"), "text/html")
	if err != nil && isForm {
		plain(w, statusOf(err), fmt.Sprintf("%s of %s will be delivered again, and no more: %v.\nGo back to the page to see which dead letters are left.", eventsInWords(n), r.PathValue("account"), err))
		return
	}
	if isForm {
		account := r.PathValue("account")
		back := url.URL{Path: "../../../", RawQuery: url.Values{"replayed": {strconv.Itoa(n)}, "of": {account}}.Encode(), Fragment: accountID(account)}
		w.Header().Set("Location", back.String()) // relative, for a proxy may have put the page elsewhere
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	document := replayDocument{Replayed: n}
	status := http.StatusOK
	if err != nil {
		document.Error, status = err.Error(), statusOf(err)
	}
	writeJSON(w, status, document)
}

func eventsInWords(n int) string { return count(n) + " " + plural(n, "event", "events") }

func statusOf(err error) int {
	switch {
	case errors.Is(err, errNotAllowed):
		return http.StatusForbidden
	case errors.Is(err, errReplaying):
		return http.StatusConflict
	case errors.Is(err, service.ErrNoAccount):
		return http.StatusNotFound
	}
	return http.StatusServiceUnavailable // the store, or the service stops
}

func (s *Server) failed(w http.ResponseWriter, err error) { plain(w, statusOf(err), err.Error()) }
