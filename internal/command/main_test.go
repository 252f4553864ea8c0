package command

import (
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/internal/servetest"
)

func TestMain(m *testing.M) { servetest.VerifyTestMain(m) }
