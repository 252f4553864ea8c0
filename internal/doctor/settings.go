package doctor

import "fmt"

// checkSettings shows the settings that somebody has given.
func checkSettings(f *Facts) []Finding {
	var findings []Finding
	if f.Problem != nil {
		findings = append(findings, failure(f.Problem.Error(), "Correct it; the other checks go by the settings that could be read."))
	}
	for _, s := range f.Settings {
		findings = append(findings, ok(fmt.Sprintf("%s is %s (%s)", s.Name, s.Value, s.Source)))
	}
	if len(f.Settings) == 0 && f.Problem == nil {
		return []Finding{ok("all settings have their defaults")}
	}
	return findings
}
