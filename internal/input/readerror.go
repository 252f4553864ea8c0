package input

import "fmt"

// ReadError is the error of a file that can't be read further.
type ReadError struct {
	// File is the name of the file, and Index its index in [Config.Files].
	File  string
	Index int
	// Line is the line that was reached. It may have been read in part.
	Line int
	// Err is the reason.
	Err error
}

// Error returns the file, the line and the reason.
func (e *ReadError) Error() string {
	return fmt.Sprintf("%s at line %d: %v", Name(e.File), e.Line, e.Err)
}

// Unwrap returns Err.
func (e *ReadError) Unwrap() error { return e.Err }
