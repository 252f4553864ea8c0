package config

import (
	"fmt"
	"io"
	"strings"
)

// templateWidth is how many columns the comments of a new file take.
const templateWidth = 80

const templateHead = `# Settings of rudderklaviyo, for --config. The keys are those of RudderStack's
# Klaviyo destination and some more. Every key may be left out: lines that begin
# with # are examples or show the default. Flags and environment variables take
# precedence over this file.
`

const serviceHead = `# The accounts of rudderklaviyo serve, for its --config. Names of files are
# relative to this one. SIGHUP has a running service read it again.
`

// WriteTemplate writes a file of settings with all keys, each with what it is for.
func WriteTemplate(w io.Writer) error { return writeTemplate(w, templateHead, "", "", Settings) }

// WriteServiceTemplate writes a file of one account with all its keys.
func WriteServiceTemplate(w io.Writer) error {
	return writeTemplate(w, serviceHead, "\naccounts:\n  -\n", "    ", AccountSettings)
}

func writeTemplate(w io.Writer, head, list, indent string, settings []Setting) error {
	var text strings.Builder
	text.WriteString(head + list)
	for i, s := range settings {
		if i > 0 || list == "" {
			text.WriteByte('\n')
		}
		comment(&text, indent, s.About())
		value, mark := s.Default, "# "
		if s.Example != "" {
			value = s.Example
		}
		if s.Advised {
			mark = ""
		}
		fmt.Fprintf(&text, "%s%s%s: %s\n", indent, mark, s.Key, value)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// About says in sentences what the setting is.
func (s Setting) About() string {
	about := strings.ReplaceAll(s.Usage, "`", "")
	about = strings.ToUpper(about[:1]) + about[1:] + "."
	if s.More != "" {
		about += " " + s.More
	}
	if s.Default != "" {
		about += " Default: " + s.Default + "."
	}
	return about
}

// comment writes a text as lines of a comment.
func comment(to *strings.Builder, indent, text string) {
	line := indent + "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+len(" ")+len(word) > templateWidth {
			to.WriteString(line + "\n")
			line = indent + "#"
		}
		line += " " + word
	}
	to.WriteString(line + "\n")
}
