package command

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/doctor"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// preflight refuses a delivery to Klaviyo's own host that would stop at its first events: it
// looks at the key, the revision and the list. What may pass by itself, such as a server that
// is down, is the delivery's to wait for.
func (p Program) preflight(ctx context.Context, to *destination, settings settings, flags destinationFlags) error {
	if p.NoPreflight || flags.noPreflight || flags.simulate.on() || !isKlaviyos(flags.baseURL) {
		return nil
	}
	c, err := flags.newDoctorsClient(p, to.key, to.logger)
	if err != nil {
		return err
	}
	defer p.progressTerminal(settings).showWaiting("checking the key, the revision and the list")()
	facts := doctor.LookFirst(ctx, c, doctor.Subject{
		Key: to.key, KeySetting: p.keySetting(), Mapping: to.mapping, Revision: examined(to.mapper.Revision()),
	})
	obstacles := doctor.Obstacles(facts)
	if len(obstacles) == 0 || ctx.Err() != nil { // the delivery itself tells that it is interrupted
		return nil
	}
	var lines []string
	for _, o := range obstacles {
		lines = append(lines, strings.TrimSuffix(o.Text, ".")+". "+o.Advice)
	}
	return stopped(errors.New(strings.Join(lines, "\n") +
		"\nNothing was sent. rudderklaviyo doctor checks more; --" + noPreflightFlag + " sends without these checks."))
}

// newDoctorsClient makes a client with less patience than a delivery's. The calls that it
// makes don't count as the delivery's.
func (f *clientFlags) newDoctorsClient(p Program, key string, logger *slog.Logger) (*client.Client, error) {
	transport := f.transport(p)
	if !logger.Enabled(context.Background(), slog.LevelDebug) {
		logger = slog.New(slog.DiscardHandler) // the findings say what failed
	}
	return f.newClient(key, mapper.Config{}, transport, logger, client.WithRetry(doctor.Retry))
}

// examined is a revision as doctor knows it.
func examined(name string) doctor.Revision {
	r := doctor.Revision{Name: name}
	for _, known := range revisions {
		if known.name == name {
			r.Until = known.until
		}
	}
	if later, ok := latestAfter(name); ok {
		r.Later = later.name
	}
	return r
}
