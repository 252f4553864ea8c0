package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/service"
	"github.com/rudderklaviyo/rudderklaviyo/internal/stream"
)

// serveFlags are those of serve.
type serveFlags struct {
	clientFlags
	config     string
	log        logFlags
	listen     string
	tlsCert    string
	tlsKey     string
	admin      string
	adminToken string
	profiles   bool
	dataDir    string
	nats       []string
	natsCreds  string
	monitoring []string
	id         string
	lease      time.Duration
}

const (
	listenFlag  = "listen"
	adminFlag   = "admin"
	dataDirFlag = "data-dir"
	natsFlag    = "nats"
	leaseFlag   = "lease"

	adminTokenFlag = "admin-token-file"
	defaultAdmin   = "127.0.0.1:8081"
	// adminTokenName is the file in the service's folder with the token that it made.
	adminTokenName = "admin-token"
)

func (f *serveFlags) register(cmd *cobra.Command) {
	addFlags(cmd, settingsGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.config, configFlag, "", "YAML or JSON `file` with the accounts")
	})
	addFlags(cmd, takingGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.listen, listenFlag, "127.0.0.1:8080", "`address` to take events at")
		flags.StringVar(&f.tlsCert, "tls-cert", "", "`file` with the certificate to take events over HTTPS")
		flags.StringVar(&f.tlsKey, "tls-key", "", "`file` with the certificate's private key")
	})
	addFlags(cmd, keepingGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.dataDir, dataDirFlag, "", "`folder` that keeps the events; the default is systemd's STATE_DIRECTORY")
		flags.StringSliceVar(&f.nats, natsFlag, nil, "`URLs` of the servers of a NATS cluster that keeps the events, in place of a folder")
		flags.StringVar(&f.natsCreds, "nats-creds", "", "`file` with the credentials of the cluster's user")
		flags.StringSliceVar(&f.monitoring, "nats-monitoring", nil, "`URLs` of the cluster's monitoring, such as http://a:8222, which show whether its servers sync what they acknowledge")
		flags.StringVar(&f.id, "id", "", "`name` of this service among those of a cluster; the default is the host's with a number")
		flags.DurationVar(&f.lease, leaseFlag, service.DefaultLease, "`time` after which another service takes the accounts of one that is silent")
	})
	addFlags(cmd, adminGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.admin, adminFlag, defaultAdmin, "`address` of the page, the metrics and the dead letters")
		flags.StringVar(&f.adminToken, adminTokenFlag, "", "`file` with the token that the admin address asks for: for dead letters, and for all but the health where it isn't a loopback address")
		flags.BoolVar(&f.profiles, "profiles", false, "give profiles of the program at /debug/pprof of the admin address")
	})
	addFlags(cmd, klaviyoGroup, f.clientFlags.register)
	addFlags(cmd, messagesGroup, func(flags *pflag.FlagSet) { f.log.register(flags, slog.LevelInfo) })
}

func (p Program) serveCommand() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Take events by HTTP and deliver them as they come",
		Long: `Serve takes RudderStack's events by HTTP, keeps them on disk before it answers,
and delivers them to Klaviyo. It takes what RudderStack's Webhook destination
sends, and the calls of RudderStack's and Segment's server SDKs:

  POST /v1/webhook, /v1/batch, /v1/identify, /v1/track, /v1/group, /v1/screen,
       /v1/page, /v1/alias, /v1/import

A sender proves who it is by a token, as Bearer or as the user of Basic. The
file of --config has the accounts:

  accounts:
    - name: shop-eu
      klaviyoKeyFile: eu.key      # or klaviyoKeyEnv: NAME
      tokensFile: eu.tokens       # one token a line; two while they are rotated
      destination: eu.yaml        # the file of send --config
      maxBacklog: 2GiB

Events are kept in --data-dir, or in an existing cluster of NATS servers with
JetStream (--nats), where several services share the accounts. A page for
people, the metrics for Prometheus and the dead letters are at the address of
--admin.

Serve runs until it is interrupted: then it finishes the requests on their way.
SIGHUP has it read the file of accounts again, whole or not at all. An outage of
Klaviyo is waited out; a refused key pauses its account alone, which goes on
taking events.

With --simulate and without --config there is one account, whose token is
"simulation".`,
		Example: `  rudderklaviyo serve --simulate
  curl -u simulation: http://127.0.0.1:8080/v1/webhook \
      -d '{"type":"identify","traits":{"email":"jane@example.com"}}'
  rudderklaviyo serve --config accounts.yaml --data-dir /var/lib/rudderklaviyo
  rudderklaviyo serve --config accounts.yaml \
      --nats nats://a,nats://b,nats://c --nats-creds user.creds`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.runServe(cmd, flags) },
	}
	flags.register(cmd)
	return cmd
}

func (p Program) runServe(cmd *cobra.Command, flags serveFlags) error {
	if err := flags.check(cmd); err != nil {
		return err
	}
	if state := p.Getenv("STATE_DIRECTORY"); flags.dataDir == "" && state != "" {
		flags.dataDir = filepath.SplitList(state)[0]
	}
	if flags.dataDir == "" && len(flags.nats) == 0 && !flags.simulate.on() {
		return wrongUsage(errors.New("serve needs --data-dir FOLDER, where events are kept until they are delivered, or --nats with the URLs of a cluster"))
	}
	hangups := p.hangups() // one that comes while it starts must not stop it
	accounts, err := p.loadAccounts(flags)
	if err != nil {
		return err
	}
	defer p.announceStop(cmd.Context())()
	s := &serving{program: p, hangups: hangups, flags: flags, logger: p.logger(flags.log)}
	return s.run(cmd.Context(), accounts)
}

func (f *serveFlags) check(cmd *cobra.Command) error {
	if err := f.clientFlags.check(); err != nil {
		return err
	}
	if err := checkExclusive(cmd, [2]string{"simulate", "base-url"}, [2]string{dataDirFlag, natsFlag}); err != nil {
		return err
	}
	switch {
	case f.config == "" && !f.simulate.on():
		return wrongUsage(errors.New("serve needs --config FILE with the accounts; --simulate needs none"))
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return wrongUsage(errors.New("--tls-cert and --tls-key belong together: give both"))
	case len(f.nats) == 0 && (f.natsCreds != "" || len(f.monitoring) > 0):
		return wrongUsage(errors.New("--nats-creds and --nats-monitoring are about a cluster: give --nats too"))
	case f.lease < time.Second:
		return wrongUsage(errors.New("--lease is a second or more"))
	case len(f.nats) > 0 && f.lease < stream.LeastLease:
		return wrongUsage(fmt.Errorf("--lease is %v or more with --nats: an election of the cluster takes up to 9s", stream.LeastLease))
	}
	for _, address := range []struct{ flag, value string }{{listenFlag, f.listen}, {adminFlag, f.admin}} {
		if _, _, err := net.SplitHostPort(address.value); err != nil {
			return wrongUsage(fmt.Errorf("--%s is a host and a port, such as 127.0.0.1:8080", address.flag))
		}
	}
	return nil
}

// loadAccounts reads the accounts, or makes the one of a simulation.
func (p Program) loadAccounts(flags serveFlags) ([]config.Account, error) {
	if flags.config == "" {
		return []config.Account{{Name: simulated, Key: simulated, Tokens: []string{simulated}, MaxBacklog: config.DefaultMaxBacklog}}, nil
	}
	accounts, ignored, err := config.LoadService(flags.config, p.Getenv)
	if err != nil {
		return nil, wrongUsage(err)
	}
	warnOfIgnored(p.logger(flags.log), flags.config, ignored)
	for _, a := range accounts {
		p.warnOfRevision(a, flags)
	}
	if flags.simulate.on() {
		for i := range accounts {
			accounts[i].Key = simulated
		}
	}
	return accounts, nil
}
