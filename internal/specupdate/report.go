package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/description"
)

// headings of the changes, by their severity.
var headings = [...]string{
	breaking:        "Breaking",
	perhapsBreaking: "Perhaps breaking",
	harmless:        "Harmless",
}

// report returns the page that lists the changes.
func (s *successor) report(ctx context.Context, root string) (string, error) {
	if len(s.facts) == 0 {
		return s.page(nil, nil), nil
	}
	changes, err := s.changes(ctx)
	if err != nil {
		return "", err
	}
	c, err := loadCode(ctx, root, s.ours.revision)
	if err != nil {
		return "", err
	}
	return s.page(changes, c), nil
}

func (s *successor) page(changes []change, c *code) string {
	var p strings.Builder
	fmt.Fprintf(&p, "# From %s to %s\n\n", s.ours.revision, s.revision)
	fmt.Fprintf(&p, "What changes for the %d operations that openapi/%s describes. Lines are those of the\ncode when internal/specupdate wrote this page.\n",
		len(description.Operations(s.ours.root)), s.ours.revision)
	if len(s.facts) == 0 {
		p.WriteString("\nNothing changes but the revision.\n")
		return p.String()
	}

	var rules, calls []string
	var body strings.Builder
	for severity, heading := range headings {
		fmt.Fprintf(&body, "\n## %s\n\n", heading)
		none := true
		for _, ch := range changes {
			if int(ch.severity) != severity {
				continue
			}
			none = false
			fmt.Fprintf(&body, "- `%s`, %s: %s\n", ch.operation, ch.call, ch.text)
			if method := c.method(s.was(ch.operation)); method != "" {
				fmt.Fprintf(&body, "  - call: API.%s\n", method)
				calls = append(calls, "API."+method)
			}
			byPackage := make(map[string][]string)
			var order []string
			for _, u := range c.touched(ch, s.was(ch.operation)) {
				if byPackage[u.pkg] == nil {
					order = append(order, u.pkg)
				}
				byPackage[u.pkg] = append(byPackage[u.pkg], u.String())
				if u.pkg == "mapper" {
					rules = append(rules, u.rule)
				}
			}
			for _, pkg := range order {
				fmt.Fprintf(&body, "  - %s: %s\n", pkg, strings.Join(byPackage[pkg], ", "))
			}
		}
		if none {
			body.WriteString("None.\n")
		}
	}
	fmt.Fprintf(&p, "\n- Rules of the mapper touched: %s\n- Calls touched: %s\n", names(rules), names(calls))
	p.WriteString(body.String())

	p.WriteString("\n## Every fact that differs\n\nBy its place in the description; it is what is left to see where the above is silent.\n\n")
	for _, d := range s.facts {
		fmt.Fprintf(&p, "- %s: %s in %s, %s in %s\n", d.Place, d.Here, s.ours.revision, d.Published, s.revision)
	}
	if len(s.unworded) > 0 {
		fmt.Fprintf(&p, "\n## Without a sentence\n\nNew elements. Write a description of each into openapi/%s/klaviyo.yaml, in words of our own.\n\n", s.revision)
		for _, place := range s.unworded {
			fmt.Fprintf(&p, "- %s\n", place)
		}
	}
	return p.String()
}

// names lists each name once, in order.
func names(all []string) string {
	if len(all) == 0 {
		return "none"
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}
