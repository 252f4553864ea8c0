package stream

import (
	"os"
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(keepIn); dir != "" {
		keep(dir)
		return
	}
	servetest.VerifyTestMain(m)
}
