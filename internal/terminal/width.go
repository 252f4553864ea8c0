package terminal

import (
	"os"

	"golang.org/x/term"
)

// Width is how many columns a line has on the terminal that a file is, or 0 if the
// terminal doesn't say, or the file is none.
func Width(file *os.File) int {
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
