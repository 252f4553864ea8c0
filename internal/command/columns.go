package command

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/internal/terminal"
)

// colouredRow is a row of columns in a colour.
type colouredRow struct {
	columns []string
	colour  string
	end     string
}

// colouredRows are aligned when they are printed. Of more than two columns the second is a
// value, which is cut where a terminal is too narrow. Other columns are never cut, and in a
// pipe nothing is.
type colouredRows []colouredRow

const (
	valueColumn  = 1
	mostValue    = 48 // columns of a value on a terminal
	leastValue   = 16
	leastLast    = 31 // columns of the last column: "custom property: no rule has it"
	mostPadding  = 48 // columns that a cell is padded to in a pipe: a longer one juts out
	hangingInset = 4  // how much further in what stands below the first column is
)

// layout is how rows share a width.
type layout struct {
	widths  []int // of the columns
	last    int   // where the last column begins
	below   bool  // the last column stands below the others
	stacked bool  // each column has lines of its own
}

// print writes the rows behind a margin, within a width. A width of 0 is that of a pipe.
func (rows colouredRows) print(w io.Writer, margin, width int) {
	l := rows.layout(margin, width)
	for _, row := range rows {
		text := strings.Join(row.lines(l, margin, width), "\n")
		if row.colour != "" {
			text = row.colour + text + row.end
		}
		fmt.Fprintln(w, text)
	}
}

// layout has the last column beside the others if leastLast of it fits there, else below them
// if these fit, and else each column below the one before.
func (rows colouredRows) layout(margin, width int) layout {
	widths := rows.widths()
	last := len(widths) - 1
	if last < 0 {
		return layout{}
	}
	if width <= 0 {
		for i := range widths {
			widths[i] = min(widths[i], mostPadding)
		}
		return layout{widths: widths}
	}
	below := margin + hangingInset
	if shrunk, begin := shrink(widths[:last], margin, width-min(leastLast, widths[last])); shrunk != nil {
		return layout{widths: shrunk, last: begin}
	}
	if shrunk, _ := shrink(widths[:last], margin, width+len("  ")); shrunk != nil && last > valueColumn {
		return layout{widths: shrunk, last: below, below: true}
	}
	return layout{last: below, stacked: true}
}

// shrink gives the columns before the last at most so much room, at the cost of the value, and
// tells where the last one begins. It returns nil if they don't fit.
func shrink(widths []int, margin, room int) (shrunk []int, begin int) {
	shrunk, begin = slices.Clone(widths), margin
	hasValue := len(widths) > valueColumn
	if hasValue {
		shrunk[valueColumn] = min(shrunk[valueColumn], mostValue)
	}
	for _, column := range shrunk {
		begin += column + len("  ")
	}
	if over := begin - room; over > 0 && hasValue {
		cut := min(over, max(shrunk[valueColumn]-leastValue, 0))
		shrunk[valueColumn] -= cut
		begin -= cut
	}
	if begin > room {
		return nil, 0
	}
	return shrunk, begin
}

// lines are the row's lines.
func (row colouredRow) lines(l layout, margin, width int) []string {
	last := len(row.columns) - 1
	inset := strings.Repeat(" ", l.last)
	if l.stacked {
		var lines []string
		for i, column := range row.columns {
			if i == valueColumn && i < last {
				column = terminal.Fit(column, max(width-l.last, leastValue))
			}
			for _, line := range terminal.Wrap(column, width-l.last) {
				if i == 0 && len(lines) == 0 {
					lines = append(lines, strings.Repeat(" ", margin)+line)
				} else if line != "" {
					lines = append(lines, inset+line)
				}
			}
		}
		return lines
	}
	line := strings.Repeat(" ", margin)
	for i, column := range row.columns[:last] {
		if width > 0 && i == valueColumn {
			column = terminal.Fit(column, l.widths[i])
		}
		line += terminal.Pad(column, l.widths[i]) + "  "
	}
	texts := terminal.Wrap(row.columns[last], max(width-l.last, 0))
	var lines []string
	if l.below {
		lines = append(lines, strings.TrimRight(line, " "))
		line = inset
	}
	for _, text := range texts {
		lines = append(lines, strings.TrimRight(line+text, " "))
		line = inset
	}
	return lines
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
