package command

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rudderklaviyo/rudderklaviyo/internal/config"
	"github.com/rudderklaviyo/rudderklaviyo/internal/delivery"
	"github.com/rudderklaviyo/rudderklaviyo/internal/doctor"
	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

const accountsFlag = "accounts"

// accountReport is what doctor found of an account of the service.
type accountReport struct {
	Name string `json:"name"`
	doctor.Report
}

// accountReportPrinters give the forms of the reports by the values of --output.
var accountReportPrinters = map[string]func(Program, []accountReport) error{
	"table": Program.printAccountReports,
	"json": func(p Program, reports []accountReport) error {
		encoder := json.NewEncoder(p.Stdout)
		encoder.SetEscapeHTML(false) // a command is there to be copied
		return encoder.Encode(map[string][]accountReport{"accounts": reports})
	},
}

func (p Program) printAccountReports(reports []accountReport) error {
	for i, r := range reports {
		if i > 0 {
			fmt.Fprintln(p.Stdout) // an error shows with the next
		}
		fmt.Fprintln(p.Stdout, r.Name)
		if err := p.printReport(r.Report); err != nil {
			return err
		}
	}
	return nil
}

// runDoctorOfAccounts examines each account of a file, those too that couldn't be served.
func (p Program) runDoctorOfAccounts(cmd *cobra.Command, args []string, file string, settings settings, flags destinationFlags) error {
	if err := flags.checkForDoctor(); err != nil {
		return err
	}
	if err := checkOnlyAccounts(cmd, args); err != nil {
		return err
	}
	if settings.quiet {
		p.terminal = nil
	}
	entries, err := config.ReadAccounts(file, p.Getenv)
	if err != nil {
		return wrongUsage(err)
	}
	var reports []accountReport
	var all []doctor.Report
	for _, e := range entries {
		of := flags
		of.clientFlags = flags.of(e.Account)
		facts, err := p.look(cmd, subjectOf(e, flags, textWidth(p.stdoutWidth(), flags.output)), of, p.logger(settings.log))
		if err != nil {
			return err
		}
		report := doctor.Examine(facts)
		all = append(all, report)
		reports = append(reports, accountReport{cmp.Or(e.Name, fmt.Sprintf("the account in line %d", e.Line)), report})
	}
	if err := accountReportPrinters[flags.output](p, reports); err != nil {
		return writeError(err)
	}
	return statusOf(all...)
}

// checkOnlyAccounts refuses what says something of one account or its events, beside a file that
// says it of several. A variable may be set for another command.
func checkOnlyAccounts(cmd *cobra.Command, args []string) (err error) {
	if len(args) > 0 {
		return wrongUsage(fmt.Errorf("--%s and files of events exclude each other: give the events with the --%s of one account", accountsFlag, configFlag))
	}
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		about := []flagGroup{settingsGroup, mappingGroup, eventsGroup}
		if slices.Contains(about, groupOf(flag)) && flag.Name != accountsFlag && annotation(flag, variableAnnotation) == "" {
			err = wrongUsage(fmt.Errorf("--%s and --%s exclude each other: the file and those that it names have the settings", accountsFlag, flag.Name))
		}
	})
	return err
}

// subjectOf is the delivery to an account of a file.
func subjectOf(e config.AccountEntry, flags destinationFlags, textWidth int) doctor.Subject {
	s := doctor.Subject{
		OfService: true, Problems: e.Problems, TextWidth: textWidth,
		Key: e.Key, KeySetting: "the private API key", Mapping: e.Mapping, Revision: examined(cmp.Or(e.Mapping.Revision, mapper.DefaultRevision())),
	}
	if _, err := mapper.New(e.Mapping); err != nil {
		s.Problems = append(s.Problems, err)
	}
	s.Bulk = delivery.Bulk(flags.bulk).Gathers(s.Revision.Name)
	for name, value := range map[string]string{
		"number of tokens": strconv.Itoa(len(e.Tokens)), "maxBacklog": humanize.IBytes(uint64(e.MaxBacklog)), "maxLetters": humanize.IBytes(uint64(e.MaxLetters)),
		"limits": strings.Join(e.Limits, " "), "quotaShare": strconv.FormatFloat(e.QuotaShare, 'g', -1, 64),
	} {
		if value != "" && value != "0" {
			s.Settings = append(s.Settings, doctor.Setting{Name: name, Value: value, Source: "accounts file"})
		}
	}
	slices.SortFunc(s.Settings, func(a, b doctor.Setting) int { return cmp.Compare(a.Name, b.Name) })
	return s
}
