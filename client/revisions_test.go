package client

import (
	"testing"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2026-07-15/klaviyo"
)

func TestOperations(t *testing.T) {
	if op, ok := Operations(klaviyo.Revision).Lookup("create_event"); !ok || op != klaviyo.OperationCreateEvent {
		t.Errorf("got %v", op)
	}
	if ops := Operations("2022-10-17"); ops != nil {
		t.Errorf("%d operations of a revision that isn't described", len(ops))
	}
}
