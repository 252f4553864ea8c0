package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/server"
)

// lettersFlags say which of a running service's dead letters are meant.
type lettersFlags struct {
	account   string
	code      string
	admin     string
	tokenFile string
	dataDir   string
}

func (f *lettersFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.account, "account", "", "`name` of the account")
	flags.StringVar(&f.code, "code", "", "only dead letters with this `code`, such as missing_identifier")
	flags.StringVar(&f.admin, adminFlag, defaultAdmin, "`address` of the service, as for serve --admin")
	flags.StringVar(&f.tokenFile, adminTokenFlag, "", "`file` with the admin token, as for serve")
	flags.StringVar(&f.dataDir, dataDirFlag, "", "data `folder` of the service, where it has put its admin token; the default is systemd's STATE_DIRECTORY")
}

func (p Program) deadLettersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Export, replay or delete the dead letters of a service",
		Long: `Dead-letters asks a running service (serve) for the events of an account that
could not be delivered. The records are those of send --dead-letter: "line" is
the number of the message in the account's stream, "event_number" that of the
event in it.`,
		RunE: oneOf,
	}
	cmd.AddCommand(p.exportLettersCommand(), p.replayLettersCommand(), p.deleteLettersCommand())
	return cmd
}

func (p Program) exportLettersCommand() *cobra.Command {
	var flags lettersFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print an account's dead letters",
		Long: `Export prints an account's dead letters as JSON Lines, the oldest first. They
stay in the service. rudderklaviyo replay can send the printed file.`,
		Example: `  rudderklaviyo dead-letters export --account shop-eu \
      --data-dir /var/lib/rudderklaviyo > dead.jsonl`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := p.askAdmin(cmd.Context(), http.MethodGet, "dead-letters", flags)
			if err != nil {
				return err
			}
			defer body.Close()
			n, err := io.Copy(p.Stdout, body)
			if err != nil {
				return stopped(fmt.Errorf("not all dead letters were printed: %w", err))
			}
			return p.checkCode(cmd.Context(), flags, int(n))
		},
	}
	addFlags(cmd, adminGroup, flags.register)
	return cmd
}

func (p Program) replayLettersCommand() *cobra.Command {
	var flags lettersFlags
	cmd := &cobra.Command{
		Use:   "replay",
		Short: "Have a service deliver an account's dead letters again",
		Long: `Replay queues the events of an account's dead letters again, behind those that
are waiting. An event that fails again becomes a dead letter again.`,
		Example: `  rudderklaviyo dead-letters replay --account shop-eu \
      --code missing_identifier --data-dir /var/lib/rudderklaviyo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := p.askAdmin(cmd.Context(), http.MethodPost, "dead-letters/replay", flags)
			if err != nil {
				return err
			}
			defer body.Close()
			var answer struct{ Replayed int }
			if err := p.printAnswer(body, &answer, func() string { return fmt.Sprintf("events replayed: %s", count(answer.Replayed)) }); err != nil {
				return err
			}
			return p.checkCode(cmd.Context(), flags, answer.Replayed)
		},
	}
	addFlags(cmd, adminGroup, flags.register)
	return cmd
}

func (p Program) deleteLettersCommand() *cobra.Command {
	var flags lettersFlags
	var all bool
	cmd := &cobra.Command{
		Use:   "delete",
		Short: "Delete an account's dead letters",
		Long: `Delete deletes an account's dead letters of one code, or all of them. There is
no undo: export them first if you may need them.`,
		Example: `  rudderklaviyo dead-letters delete --account shop-eu \
      --code missing_identifier --data-dir /var/lib/rudderklaviyo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (flags.code == "") != all {
				return wrongUsage(errors.New("give --code CODE to delete the dead letters with that code, or --all to delete all of them"))
			}
			body, err := p.askAdmin(cmd.Context(), http.MethodDelete, "dead-letters", flags)
			if err != nil {
				return err
			}
			defer body.Close()
			var answer struct{ Deleted int }
			if err := p.printAnswer(body, &answer, func() string { return fmt.Sprintf("dead letters deleted: %s", count(answer.Deleted)) }); err != nil {
				return err
			}
			return p.checkCode(cmd.Context(), flags, answer.Deleted)
		},
	}
	addFlags(cmd, adminGroup, flags.register)
	addFlags(cmd, adminGroup, func(flags *pflag.FlagSet) {
		flags.BoolVar(&all, "all", false, "delete the dead letters of every code")
	})
	return cmd
}

// printAnswer reads an answer of the service in JSON, and prints a line about it.
func (p Program) printAnswer(body io.Reader, answer any, line func() string) error {
	if err := json.NewDecoder(body).Decode(answer); err != nil {
		return stopped(fmt.Errorf("the service's response can't be read: %w", err))
	}
	_, err := fmt.Fprintln(p.Stdout, line())
	return writeError(err)
}

// askAdmin makes a request about an account's dead letters, and gives the answer's body.
func (p Program) askAdmin(ctx context.Context, method, what string, flags lettersFlags) (io.ReadCloser, error) {
	return p.askAdminFor(ctx, method, "/accounts/"+url.PathEscape(flags.account)+"/"+what, flags)
}

// askAdminFor makes a request for a path of the admin address.
func (p Program) askAdminFor(ctx context.Context, method, path string, flags lettersFlags) (io.ReadCloser, error) {
	if flags.account == "" {
		return nil, wrongUsage(errors.New("dead-letters needs --account NAME"))
	}
	if err := checkAddress(adminFlag, flags.admin); err != nil {
		return nil, err
	}
	token, err := p.adminToken(flags)
	if err != nil {
		return nil, wrongUsage(err)
	}
	address := url.URL{Scheme: "http", Host: flags.admin, Path: path}
	if flags.code != "" {
		address.RawQuery = url.Values{"code": {flags.code}}.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, address.String(), nil)
	if err != nil {
		return nil, wrongUsage(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, stopped(fmt.Errorf("no service responds at %s: %w", flags.admin, err))
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(response.Body, 1000)) // what there is of it
		return nil, stopped(fmt.Errorf("the service answered %d: %s", response.StatusCode, strings.TrimSpace(string(text))))
	}
	return response.Body, nil
}

// adminToken reads the token from the file that is given, or from the service's folder.
func (p Program) adminToken(flags lettersFlags) (string, error) {
	file := flags.tokenFile
	if file == "" {
		folder := p.dataDir(flags.dataDir)
		if folder == "" {
			return "", fmt.Errorf("give --%s FOLDER, the data folder of the service, or --%s FILE", dataDirFlag, adminTokenFlag)
		}
		file = server.AdminTokenFile(folder)
	}
	return server.ReadAdminToken(file)
}
