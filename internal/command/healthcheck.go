package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// healthTimeout bounds how long a service may take to say how it is.
const healthTimeout = 5 * time.Second

// healthcheckCommand is for images that have no other program that could ask.
func (p Program) healthcheckCommand() *cobra.Command {
	var admin string
	var ready bool
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check that a running service is alive",
		Long: `Check that the service on this machine, at the address of its --admin, is alive.
It needs no token. Use it as the health check of a container, whose image has no
other program.

Exit status: 0 the service is alive; 1 it isn't, or doesn't answer; 2 wrong
usage.`,
		Example: `  rudderklaviyo healthcheck
  rudderklaviyo healthcheck --admin :9000 --ready`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkAddress(adminFlag, admin); err != nil {
				return err
			}
			address := localAddress(admin)
			path := "/healthz"
			if ready {
				path = "/readyz"
			}
			answer, err := askHealth(cmd.Context(), "http://"+address+path)
			if err != nil {
				return stopped(fmt.Errorf("the service at %s: %w", address, err))
			}
			_, err = fmt.Fprintln(p.Stdout, answer)
			return writeError(err)
		},
	}
	addFlags(cmd, adminGroup, func(flags *pflag.FlagSet) {
		flags.StringVar(&admin, adminFlag, defaultAdmin, "`address` that the service was given as --admin")
		flags.BoolVar(&ready, "ready", false, "also check that it accepts events")
	})
	return cmd
}

// localAddress is where a service is asked that listens at an address, which may be that of
// every interface.
func localAddress(listened string) string {
	host, port, _ := net.SplitHostPort(listened) // checked
	if addr, err := netip.ParseAddr(host); host == "" || err == nil && addr.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// askHealth gives the text of an answer that says that all is well.
func askHealth(ctx context.Context, url string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	rsp, err := client.Do(req)
	if err != nil {
		return "", errors.Unwrap(err) // the cause, without the address once more
	}
	defer rsp.Body.Close()
	const most = 1_000
	body, err := io.ReadAll(io.LimitReader(rsp.Body, most))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(body))
	if rsp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", rsp.Status, text)
	}
	return text, nil
}
