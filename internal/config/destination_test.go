package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// exported makes a destination as RudderStack exports it, with its id for a list id.
func exported(id, name, kind string, enabled bool) string {
	return fmt.Sprintf(`{"id":%q,"name":%q,"enabled":%t,"deleted":false,"config":{"listId":%[1]q,"privateApiKey":%[4]q},`+
		`"destinationDefinition":{"id":"1","name":%q,"displayName":"x","config":{"listId":"no"}},"transformations":[]}`, id, name, enabled, secret, kind)
}

// workspace makes the export of one, with sources that have destinations.
func workspace(destinations ...string) string {
	var sources []string
	for i, d := range destinations {
		sources = append(sources, fmt.Sprintf(`{"id":"s%d","name":"Site","enabled":true,"config":{"x":1},"sourceDefinition":{"name":"Javascript"},"destinations":[%s]}`, i, d))
	}
	return `{"enableMetrics":false,"workspaceId":"w1","sources":[` + strings.Join(sources, ",") + `],"libraries":[]}`
}

func TestDestinationOfAnExport(t *testing.T) {
	mine, theirs, off := exported("d1", "Klaviyo EU", "KLAVIYO", true), exported("d2", "Braze", "BRAZE", true), exported("d3", "Klaviyo old", "KLAVIYO", false)
	second, namesake := exported("d4", "Klaviyo US", "KLAVIYO", true), exported("d5", "Klaviyo EU", "KLAVIYO", true)
	const upper = `{"ID":"d6","Name":"Klaviyo","Enabled":true,"Config":{"listId":"d6"},"DestinationDefinition":{"Name":"KLAVIYO"}}`
	tests := []struct {
		name, text, chosen string
		want               string // the list id of the one that is taken, or the error
	}{
		{"one of Klaviyo", mine, "", "d1"},
		{"in the server's spelling", upper, "", "d6"},
		{"as the API has it", `{"destination":{"id":"d7","type":"Klaviyo","config":{"listId":"d7"}}}`, "", "d7"},
		{"without a definition", `{"id":"d8","enabled":true,"config":{"listId":"d8"}}`, "", "d8"},
		{"another's", theirs, "", `line 1: the destination "Braze" ("d2") is one of "BRAZE", not of Klaviyo`},
		{"another's, chosen", workspace(mine, theirs), "Braze", `"BRAZE", not of Klaviyo`},
		{"a like kind", exported("d9", "Bulk", "KLAVIYO_BULK_UPLOAD", true), "", `one of "KLAVIYO_BULK_UPLOAD", not of Klaviyo`},
		{"switched off", off, "", `the destination "Klaviyo old" ("d3") is switched off`},
		{"deleted", `{"name":"K","deleted":true,"config":{}}`, "", `the destination "K" is deleted`},
		{"in a workspace", workspace(theirs, mine), "", "d1"},
		{"in a workspace by its id", `{"w1":` + workspace(theirs, mine) + `}`, "", "d1"},
		{"in a source", `{"source":{"id":"s","config":{},"destinations":[` + mine + `]}}`, "", "d1"},
		{"in a source alone", `{"id":"s","config":{},"destinations":[` + mine + `]}`, "", "d1"},
		{"in a list", `[` + theirs + `,` + mine + `]`, "", "d1"},
		{"in YAML", "sources:\n- destinations:\n  - {id: d1, name: K, enabled: true, config: {listId: d1}, destinationDefinition: {name: KLAVIYO}}\n", "", "d1"},
		{"of two sources", workspace(mine, mine+","+theirs), "", "d1"},
		{"switched off in a string", `{"id":"d8","name":"K","enabled":"false","config":{"listId":"d8"}}`, "", `the destination "K" ("d8") is switched off`},
		{"beside one that is switched off", workspace(off, mine), "", "d1"},
		{"switched off, in a workspace", workspace(off, theirs), "", `no destination of Klaviyo that is switched on: "Klaviyo old" ("d3"), which is switched off`},
		{"switched off and chosen", workspace(off, mine), "d3", `"Klaviyo old" ("d3") is switched off`},
		{"none of Klaviyo", workspace(theirs, exported("d0", "Lake", "S3", true)), "", `no destination of Klaviyo, but "Braze" ("d2") of "BRAZE"; "Lake" ("d0") of "S3"`},
		{"several", workspace(mine, second, off), "", `choose one with --destination NAME or ID, of "Klaviyo EU" ("d1"); "Klaviyo US" ("d4")`},
		{"several, by name", workspace(mine, second), "Klaviyo US", "d4"},
		{"several, by id", workspace(mine, second), "d1", "d1"},
		{"several of a name", workspace(mine, namesake), "Klaviyo EU", `choose one by its id, of "Klaviyo EU" ("d1"); "Klaviyo EU" ("d5")`},
		{"another name", workspace(mine), "Klaviyo UK", `no destination of that name or id: choose one of "Klaviyo EU" ("d1")`},
		{"another name, of one", mine, "Klaviyo UK", "no destination of that name or id"},
		{"settings alone", `{"listId":"d1"}`, "Klaviyo EU", "leave --destination out"},
		{"a secret for a name", exported("d1", secret, "BRAZE", true), "", `the destination (not shown) ("d1")`},
		{"another's, by the name that people see", `{"name":"B","destinationDefinition":{"displayName":"Braze"},"config":{}}`, "", `the destination "B" is one of "Braze"`},
		{"by the name that people see", `{"destinationDefinition":{"displayName":"Klaviyo"},"config":{"listId":"d1"}}`, "", "d1"},
		{"no destination in a workspace", `{"sources":[]}`, "", "line 1: holds no destination with a config"},
		{"a source without destinations", `{"source":{"id":"s","config":{}}}`, "", "line 1: holds no destination with a config"},
		{"a setting beside", `{"listId":"X","sources":[{"destinations":[` + mine + `]}]}`, "", "listId stands beside config"},
		{"an alias to itself", "a: &a [*a]\n", "", `unknown key "a"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "destination.json")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			file, err := Load(path, tt.chosen)
			if err != nil {
				if !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), secret) {
					t.Errorf("%v, want %s", err, tt.want)
				}
				return
			}
			if file.ListID != tt.want {
				t.Errorf("list %q, want %s", file.ListID, tt.want)
			}
		})
	}
}
