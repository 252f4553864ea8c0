package stream

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrFull is the error of an account whose backlog, or whose dead letters, have reached
	// their limit. It passes as soon as some are delivered or deleted.
	ErrFull = errors.New("the account's limit is reached")
	// ErrUnavailable is the error of a server that can't keep anything at present: it is
	// starting or stopping, elects a leader, doesn't answer or has no space. What was being
	// kept may be kept or not.
	ErrUnavailable = errors.New("the store is unavailable")
	// ErrTooLarge is the error of a message that is larger than [MaxMessage], or of a letter
	// that is larger than [MaxLetter].
	ErrTooLarge = errors.New("it is too large")
	// ErrNotOwner is the error of a [Lease] that is over.
	ErrNotOwner = errors.New("the account is no longer owned")
	// ErrSetup is the error of a data folder, a cluster or a stream that can't be used as it
	// is. Its text says what to change; waiting doesn't help.
	ErrSetup = errors.New("the store can't be used as it is set up")
)

// LostError is an [ErrNotOwner] with the reason why the lease is over.
type LostError struct{ Reason string }

func (e *LostError) Error() string        { return ErrNotOwner.Error() + ": " + e.Reason }
func (e *LostError) Is(target error) bool { return target == ErrNotOwner }

// setupError is an ErrSetup with a text of its own.
type setupError struct {
	text  string
	cause error // may be nil
}

func setup(cause error, format string, args ...any) error {
	return &setupError{fmt.Errorf(format, args...).Error(), cause}
}

func (e *setupError) Error() string        { return e.text }
func (e *setupError) Unwrap() error        { return e.cause }
func (e *setupError) Is(target error) bool { return target == ErrSetup }

// Error codes of the server that nats.go has no names for.
const (
	codeNoPeers         jetstream.ErrorCode = 10005 // no suitable peers for placement
	codeNoLeader        jetstream.ErrorCode = 10008 // of the cluster
	codeInsufficient    jetstream.ErrorCode = 10023
	codeStorageExceeded jetstream.ErrorCode = 10047
	codeNotClustered    jetstream.ErrorCode = 10074 // replicas > 1
	codeStoreFailed     jetstream.ErrorCode = 10077
)

// textMaxBytes is what the server says beside codeStoreFailed when a limit is reached.
const textMaxBytes = "maximum bytes exceeded"

// code gives the server's error code, or 0.
func code(err error) jetstream.ErrorCode {
	var api *jetstream.APIError
	var js jetstream.JetStreamError
	switch {
	case errors.As(err, &api):
		return api.ErrorCode
	case errors.As(err, &js) && js.APIError() != nil:
		return js.APIError().ErrorCode
	}
	return 0
}

// isPassing tells whether the same request may succeed in a moment.
func isPassing(err error) bool {
	if errors.Is(err, ErrSetup) { // whatever the server's code is
		return false
	}
	switch code(err) {
	case codeNoPeers, codeNoLeader, codeInsufficient, jetstream.JSErrCodeJetStreamNotEnabled:
		return true
	case 0:
		for _, final := range []error{ErrFull, jetstream.ErrMsgNotFound, nats.ErrMaxPayload, nats.ErrConnectionClosed} {
			if errors.Is(err, final) {
				return false
			}
		}
		return true
	}
	return false
}

// unavailable is the error of a request that got no answer, or one that means as much.
func unavailable(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	if errors.Is(err, nats.ErrConnectionClosed) {
		err = errClosed
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, nats.ErrTimeout) {
		return fmt.Errorf("%w: no answer in time: %w", ErrUnavailable, err)
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}
