// Package terminal knows a person's terminal, and prepares for it what others wrote.
package terminal

import (
	"os"

	"golang.org/x/term"
)

// Is tells whether a file is a terminal. Other devices, such as the null device, are none.
func Is(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// Width is how many columns a line has on the terminal that a file is, or 0 if the
// terminal doesn't say, or the file is none.
func Width(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
