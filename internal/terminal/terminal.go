// Package terminal detects terminals, and formats untrusted text for them.
package terminal

import (
	"os"

	"golang.org/x/term"
)

// Is reports whether a file is a terminal. Other devices, such as the null device, aren't.
func Is(file *os.File) bool { return term.IsTerminal(int(file.Fd())) }

// Width returns the number of columns of a terminal, or 0 if it isn't known or the file isn't a
// terminal.
func Width(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
