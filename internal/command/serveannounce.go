package command

import (
	"context"
	"fmt"
	"log/slog"
	"net"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
)

// What serve tells a person in words, it logs where the log is JSON: each line is for a program.

// startOf are the attributes of the first line of the log.
func (f *serveFlags) startOf(accounts []config.Account) []any {
	names := make([]string, len(accounts))
	for i, a := range accounts {
		names[i] = a.Name
	}
	attributes := []any{"version", thisBuild().Version}
	if len(f.nats) > 0 {
		attributes = append(attributes, "store", "NATS", "id", f.serviceID())
	} else {
		attributes = append(attributes, "store", f.dataDir)
	}
	return append(attributes, "accounts", names)
}

// announce tells where the service listens, once it accepts events. The data folder may be one
// that was made for the run.
func (p Program) announce(flags serveFlags, logger *slog.Logger, madeDataDir bool, events, operators net.Addr) {
	page := fmt.Sprintf("http://%s/", operators)
	if flags.log.format == logJSON {
		logger.Info("events accepted", "at", flags.eventsURL(events), "page", page, "simulated", flags.simulate.on())
		return
	}
	fmt.Fprintf(p.Stderr, "Events are taken at %s.\nThe page is %s.\n", flags.eventsURL(events), page)
	if !flags.simulate.on() {
		return
	}
	fmt.Fprintln(p.Stderr, flags.simulate.notice())
	if madeDataDir {
		fmt.Fprintf(p.Stderr, "Its dead letters: rudderklaviyo dead-letters export --account=%s --data-dir=%s --%s=%s\n",
			simulated, quote(flags.dataDir), adminFlag, operators)
	}
}

// announceStopOfServe is announceStop, or its line of the log.
func (p Program) announceStopOfServe(ctx context.Context, flags serveFlags, logger *slog.Logger) func() {
	if flags.log.format == logJSON {
		return onStop(ctx, func() { logger.Info("stopping") })
	}
	return p.announceStop(ctx)
}
