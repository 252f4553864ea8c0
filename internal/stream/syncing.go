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

// unchecked is a server of which nothing shows whether it syncs what it acknowledges.
type unchecked struct {
	server string // its monitoring's host
	err    error
}

// checkSyncing refuses servers that acknowledge what isn't on the disk. Only their monitoring
// shows it; it returns those where that doesn't answer.
func checkSyncing(ctx context.Context, monitoring []string) (left []unchecked, err error) {
	for _, m := range monitoring {
		switch always, err := syncsAlways(ctx, m); {
		case errors.Is(err, ErrSetup):
			return nil, err
		case err != nil:
			left = append(left, unchecked{hostOf(m), err})
		case !always:
			return nil, setup(nil, "the NATS server %s acknowledges messages before they are on the disk, so a power failure loses them: %s", hostOf(m), adviceSyncing)
		}
	}
	return left, nil
}

// warnOfUnchecked logs what checkSyncing couldn't find out.
func warnOfUnchecked(log *slog.Logger, monitoring []string, left []unchecked) {
	if len(monitoring) == 0 {
		log.Warn("sync_interval not checked", "reason", "no monitoring URLs are given",
			"advice", adviceSyncing+" NATS server, or a power failure loses events, and name their monitoring URLs")
	}
	for _, u := range left {
		log.Warn("sync_interval not checked", "reason", "the server's monitoring doesn't respond, so the server may be down", "server", u.server, "error", u.err,
			"advice", "start the server or correct its monitoring URL, and start the service again to check it")
	}
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
		return false, errors.Unwrap(err)
	}
	defer answer.Body.Close()
	var jsz struct {
		Disabled bool
		Config   *struct {
			SyncAlways bool `json:"sync_always"`
		}
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&jsz); err != nil || answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("/jsz answers %s", answer.Status)
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
