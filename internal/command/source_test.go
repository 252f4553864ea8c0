package command

import (
	"testing"

	"github.com/spf13/cobra"

	"github.com/rudderklaviyo/rudderklaviyo/internal/input"
)

func TestResume(t *testing.T) {
	tests := []struct {
		name string
		args []string
		at   input.Position
		want string
	}{
		{"file", []string{"events.jsonl"}, input.Position{Line: 812}, "send --from-line=812 events.jsonl"},
		{"earlier line", []string{"--from-line", "12", "events.jsonl"}, input.Position{Line: 812}, "send --from-line=812 events.jsonl"},
		{"files", []string{"a", "b", "c"}, input.Position{File: 1, Line: 2}, "send --from-line=2 b c"},
		{"standard input", nil, input.Position{Line: 2}, "send --from-line=2 -"},
		{
			"flags", []string{"--simulate", "--send-nulls=false", "--output", "json", "--dead-letter", "it's dead", "--", "-x", "größe.jsonl"}, input.Position{Line: 2},
			`send --dead-letter='it'\''s dead' --output=json --send-nulls=false --simulate --from-line=2 -- -x 'größe.jsonl'`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var settings settings
			var s source
			var flags sendFlags
			var got string
			cmd := &cobra.Command{Use: "send", Run: func(cmd *cobra.Command, args []string) {
				s.files = args
				if len(args) == 0 {
					s.files = []string{"-"}
				}
				got = s.resume(cmd, tt.at)
			}}
			settings.register(cmd.Flags())
			s.register(cmd.Flags())
			flags.register(cmd.Flags())
			cmd.SetArgs(tt.args)
			if err := cmd.Execute(); err != nil {
				t.Fatal(err)
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
