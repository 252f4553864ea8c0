package doctor

import "fmt"

// checkSettings shows the settings that somebody has given.
func checkSettings(f *Facts) []Finding {
	var findings []Finding
	for _, problem := range f.Problems {
		findings = append(findings, failure(problem.Error(), "Correct it; the other checks go by the settings that could be read."))
	}
	for _, s := range f.Settings {
		findings = append(findings, ok(fmt.Sprintf("%s is %s (%s)", s.Name, f.shown(s.Value), s.Source)))
	}
	if len(findings) == 0 {
		return []Finding{ok("all settings have their defaults")}
	}
	return findings
}
