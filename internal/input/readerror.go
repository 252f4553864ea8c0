package input

import "fmt"

// ReadError is the error of a file that can't be read on.
type ReadError struct {
	// File is the name of the file, and Index that in [Config.Files].
	File  string
	Index int
	// Line is how far it was read: the line may be a part of one.
	Line int
	// Err says why.
	Err error
}

// Error names the file and the line.
func (e *ReadError) Error() string {
	return fmt.Sprintf("%s at line %d: %v", Name(e.File), e.Line, e.Err)
}

// Unwrap gives Err.
func (e *ReadError) Unwrap() error { return e.Err }
