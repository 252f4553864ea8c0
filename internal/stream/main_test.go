package stream

import (
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(keepIn); dir != "" {
		keep(dir)
		return
	}
	goleak.VerifyTestMain(m)
}
