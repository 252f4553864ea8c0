package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/client"
	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/server"
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
)

func (f *serveFlags) register(cmd *cobra.Command) {
	addFlags(cmd, settingsGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.config, configFlag, "", "YAML or JSON `file` of accounts")
	})
	addFlags(cmd, takingGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.listen, listenFlag, "127.0.0.1:8080", "`address` to accept events at")
		flags.StringVar(&f.tlsCert, "tls-cert", "", "`file` with the certificate for HTTPS")
		flags.StringVar(&f.tlsKey, "tls-key", "", "`file` with the certificate's private key")
	})
	addFlags(cmd, keepingGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.dataDir, dataDirFlag, "", "`folder` that stores the events; the default is systemd's STATE_DIRECTORY")
		flags.StringSliceVar(&f.nats, natsFlag, nil, "`URLs` of the servers of a NATS cluster that stores the events, instead of a folder")
		flags.StringVar(&f.natsCreds, "nats-creds", "", "`file` with the credentials of the cluster's user")
		flags.StringSliceVar(&f.monitoring, "nats-monitoring", nil, "monitoring `URLs` of the cluster's servers, such as http://a:8222, to check that they sync each message to disk")
		flags.StringVar(&f.id, "id", "", "`name` of this service in a cluster; the default is the host name and the process number")
		flags.DurationVar(&f.lease, leaseFlag, service.DefaultLease, "`time` after which another service takes over the accounts of one that doesn't respond")
	})
	addFlags(cmd, adminGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&f.admin, adminFlag, defaultAdmin, "`address` of the status page, the metrics and the dead letters")
		flags.StringVar(&f.adminToken, adminTokenFlag, "", "`file` with the admin token, which dead letters need, and everything but the health checks if the address isn't a loopback one")
		flags.BoolVar(&f.profiles, "profiles", false, "serve profiles of the program at /debug/pprof of the admin address")
	})
	addFlags(cmd, klaviyoGroup, f.clientFlags.register)
	addFlags(cmd, messagesGroup, func(flags *pflag.FlagSet) { f.log.register(flags, slog.LevelInfo) })
}

func (p Program) serveCommand() *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Accept events over HTTP and deliver them as they come",
		Long: `Serve accepts RudderStack's events over HTTP, stores them on disk before it
responds, and delivers them to Klaviyo. It accepts the requests of RudderStack's
Webhook destination and of RudderStack's and Segment's server SDKs:

  POST /v1/webhook, /v1/batch, /v1/identify, /v1/track, /v1/group, /v1/screen,
       /v1/page, /v1/alias, /v1/import

Senders authenticate with a token, as Bearer or as the user name of Basic
authentication. The file of --config lists the accounts:

  accounts:
    - name: shop-eu
      klaviyoKeyFile: eu.key      # or klaviyoKeyEnv: NAME
      tokensFile: eu.tokens       # one token per line
      destination: eu.yaml        # as for send --config

config init --service writes such a file with every key.

Events are stored in --data-dir, or in an existing cluster of NATS servers with
JetStream (--nats), where several services share the accounts. The status page,
the metrics for Prometheus and the dead letters are at the address of --admin.

Serve runs until it is interrupted. It then finishes the requests that are in
progress. On SIGHUP it reads the accounts again; if anything is wrong, nothing
changes. During an outage of Klaviyo it waits. If Klaviyo refuses a key, only
that account pauses, and it goes on accepting events.

With --simulate and without --config there is one account with the token
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
	flags.dataDir = p.dataDir(flags.dataDir)
	if flags.dataDir == "" && len(flags.nats) == 0 && !flags.simulate.on() {
		return wrongUsage(errors.New("serve needs --data-dir FOLDER, which stores events until they are delivered, or --nats with the URLs of a cluster"))
	}
	hangups := p.hangups() // one that comes while it starts must not stop it
	accounts, err := p.loadAccounts(flags)
	if err != nil {
		return err
	}
	logger := p.logger(flags.log)
	defer p.announceStopOfServe(cmd.Context(), flags, logger)()
	made, err := flags.makeDataDir()
	if err != nil {
		return stopped(err)
	}
	if made {
		defer os.RemoveAll(flags.dataDir)
	}
	events, err := flags.listenForEvents()
	if err != nil {
		return stopped(err)
	}
	operators, err := listen(adminFlag, flags.admin)
	if err != nil {
		return stopped(errors.Join(err, events.Close()))
	}
	logger.Info("starting", flags.startOf(accounts)...)
	err = server.Run(cmd.Context(), server.Config{
		Events: events, Operators: operators, AdminTokenFile: flags.adminToken, Profiles: flags.profiles,
		Dir: flags.dataDir, Cluster: stream.ClusterConfig{URLs: flags.nats, Credentials: flags.natsCreds, Monitoring: flags.monitoring},
		Accounts: accounts, Reload: func() ([]config.Account, error) { return p.loadAccounts(flags) }, Hangups: hangups,
		ID: flags.serviceID(), Lease: flags.lease,
		Client:      p.accountClients(flags.clientFlags, logger),
		Concurrency: flags.concurrency, Bulk: delivery.Bulk(flags.bulk),
		Started: func() { p.announce(flags, logger, made, events.Addr(), operators.Addr()) },
		Logger:  logger,
	})
	var setting *server.SettingError
	switch {
	case errors.As(err, &setting):
		return wrongUsage(err)
	case err != nil:
		return stopped(err)
	}
	return nil
}

// makeDataDir makes a folder for a simulation that was given none. It reports whether it did.
func (f *serveFlags) makeDataDir() (made bool, err error) {
	if f.dataDir != "" || len(f.nats) > 0 {
		return false, nil
	}
	f.dataDir, err = os.MkdirTemp("", "rudderklaviyo-simulation-")
	return true, err
}

// serviceID names the service among those of a cluster.
func (f *serveFlags) serviceID() string {
	if f.id != "" {
		return f.id
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s-%d", host, os.Getpid())
}

// accountClients makes the clients of accounts.
func (p Program) accountClients(flags clientFlags, logger *slog.Logger) func(config.Account, func(http.RoundTripper) http.RoundTripper, ...client.Option) (*client.Client, error) {
	return func(account config.Account, through func(http.RoundTripper) http.RoundTripper, options ...client.Option) (*client.Client, error) {
		flags := flags.of(account)
		transport := delivery.Transport(through(flags.transport(p)))
		return flags.newClient(account.Key, account.Mapping, transport, logger.With("account", account.Name), options...)
	}
}

// dataDir is the folder of --data-dir, or that of systemd's unit or of the container's image.
func (p Program) dataDir(given string) string {
	if state := p.Getenv("STATE_DIRECTORY"); given == "" && state != "" {
		return filepath.SplitList(state)[0]
	}
	return given
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
		return wrongUsage(errors.New("serve needs --config FILE with the accounts, or --simulate"))
	case (f.tlsCert == "") != (f.tlsKey == ""):
		return wrongUsage(errors.New("--tls-cert and --tls-key need each other: give both"))
	case len(f.nats) == 0 && (f.natsCreds != "" || len(f.monitoring) > 0):
		return wrongUsage(errors.New("--nats-creds and --nats-monitoring need --nats"))
	case f.lease < time.Second:
		return wrongUsage(errors.New("--lease must be at least 1s"))
	case len(f.nats) > 0 && f.lease < stream.LeastLease:
		return wrongUsage(fmt.Errorf("--lease must be at least %v with --nats, because an election in the cluster takes up to 9s", stream.LeastLease))
	}
	return errors.Join(checkAddress(listenFlag, f.listen), checkAddress(adminFlag, f.admin))
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
