package stream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// adviceSyncing is what a server has to be told so that a power failure loses nothing that
// was acknowledged.
const adviceSyncing = "set jetstream { sync_interval: always } on each"

// checkSyncing refuses servers that acknowledge what isn't on the disk. Only their
// monitoring shows it; where it doesn't answer there is a warning.
func checkSyncing(ctx context.Context, monitoring []string, log *slog.Logger) error {
	if len(monitoring) == 0 {
		log.Warn("nothing shows whether the NATS servers sync what they acknowledge, else a power failure loses events: " + adviceSyncing + ", and name their monitoring URLs")
		return nil
	}
	for _, m := range monitoring {
		switch always, err := syncsAlways(ctx, m); {
		case errors.Is(err, ErrSetup):
			return err
		case err != nil:
			log.Warn("a NATS server's monitoring doesn't show whether it syncs what it acknowledges: "+adviceSyncing, "error", err)
		case !always:
			return setup(nil, "the NATS server %s acknowledges messages before they are on the disk, so a power failure loses them: %s", hostOf(m), adviceSyncing)
		}
	}
	return nil
}

func syncsAlways(ctx context.Context, monitoring string) (bool, error) {
	u, err := url.Parse(monitoring)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return false, setup(nil, "a monitoring URL isn't one: it is like http://nats-1:8222")
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u.JoinPath("jsz").String()+"?config=true", nil)
	if err != nil {
		return false, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, fmt.Errorf("%s: %w", u.Host, errors.Unwrap(err))
	}
	defer answer.Body.Close()
	var jsz struct {
		Disabled bool
		Config   *struct {
			SyncAlways bool `json:"sync_always"`
		}
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&jsz); err != nil || answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s: /jsz answers %s", u.Host, answer.Status)
	}
	if jsz.Disabled || jsz.Config == nil { // it keeps nothing
		return true, nil
	}
	return jsz.Config.SyncAlways, nil
}

// hostOf leaves a password out.
func hostOf(monitoring string) string {
	if u, err := url.Parse(monitoring); err == nil {
		return u.Host
	}
	return ""
}
