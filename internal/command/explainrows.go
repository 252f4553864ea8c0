package command

import (
	"fmt"
	"io"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// colouredRow is a row of columns in a colour.
type colouredRow struct {
	columns []string
	colour  string
	end     string
}

// colouredRows are aligned when they are printed.
type colouredRows []colouredRow

// How columns share a terminal that is too narrow for them. The value, the second of more
// than two, is cut to leastValue columns for the last one to have leastReason; where
// that doesn't help, the last one stands below the others.
const (
	valueColumn = 1
	leastValue  = 16
	leastReason = 31 // "custom property: no rule has it"
	belowIndent = len("      ")
)

// print writes the rows, the last column over several lines where they would be longer
// than width. A width of 0 is none.
func (rows colouredRows) print(w io.Writer, width int) {
	widths := rows.widths()
	last := len(widths) - 1
	if last < 0 {
		return
	}
	indent := len("  ")
	for _, column := range widths[:last] {
		indent += column + len("  ")
	}
	cut, below := 0, false
	if width > 0 && last > valueColumn && indent+widths[last] > width {
		room := max(widths[valueColumn]-leastValue, 0)
		if cut = indent + min(leastReason, widths[last]) - width; cut > room {
			cut, below = min(indent-len("  ")-width, room), true
		}
		widths[valueColumn] -= max(cut, 0)
		indent -= max(cut, 0)
	}
	if below {
		indent = belowIndent
	}
	for _, row := range rows {
		var line strings.Builder
		for i, column := range row.columns[:last] {
			line.WriteString("  " + terminal.Pad(terminal.Fit(column, widths[i]), widths[i]))
		}
		text := line.String()
		if below {
			text = strings.TrimRight(text, " ") + "\n" + strings.Repeat(" ", indent)
		} else {
			text += "  "
		}
		text += strings.Join(wrapped(row.columns[last], width-indent), "\n"+strings.Repeat(" ", indent))
		text = strings.TrimRight(text, " ")
		if row.colour != "" {
			text = row.colour + text + row.end
		}
		fmt.Fprintln(w, text)
	}
}

// widths are those of the columns' longest texts.
func (rows colouredRows) widths() (widths []int) {
	for _, row := range rows {
		for i, column := range row.columns {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], terminal.Columns(column))
		}
	}
	return widths
}

// wrapped breaks a text between words into lines of so many columns, if that is
// more than none.
func wrapped(text string, most int) []string {
	if most <= 0 {
		return []string{text}
	}
	lines := []string{""}
	for word := range strings.SplitSeq(text, " ") {
		line := &lines[len(lines)-1]
		switch {
		case *line == "":
			*line = word
		case terminal.Columns(*line)+len(" ")+terminal.Columns(word) <= most:
			*line += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
}
