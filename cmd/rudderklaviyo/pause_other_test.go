//go:build !unix

package main

import "os"

// There is nothing of the kind: the tests that torture a service need a Unix.
var pause, resume = os.Kill, os.Kill
