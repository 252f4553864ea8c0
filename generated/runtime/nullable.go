package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Nullable is a field that is omitted, null or a value. The zero Nullable is omitted, if the
// struct field has omitzero in its JSON tag. If T is comparable, Nullables can be compared with
// ==.
//
// It has the methods of oapi-codegen's Nullable, which it replaces in generated code. That type
// is a map, which costs two allocations for each field.
type Nullable[T any] struct {
	value T
	state state
}

type state uint8

const (
	unspecified state = iota
	null
	specified
)

// Set returns a field with a value.
func Set[T any](value T) Nullable[T] {
	return Nullable[T]{value: value, state: specified}
}

// Null returns a null field, which clears it.
func Null[T any]() Nullable[T] { return Nullable[T]{state: null} }

// Get returns the value, or an error if the field is null or omitted.
func (n Nullable[T]) Get() (T, error) {
	switch n.state {
	case null:
		return n.value, errors.New("klaviyo: the field is null")
	case unspecified:
		return n.value, errors.New("klaviyo: the field is omitted")
	}
	return n.value, nil
}

// MustGet returns the value. It panics if the field is null or omitted.
func (n Nullable[T]) MustGet() T {
	v, err := n.Get()
	if err != nil {
		panic(err)
	}
	return v
}

// Set sets the value.
func (n *Nullable[T]) Set(value T) { *n = Set(value) }

// SetNull makes the field null.
func (n *Nullable[T]) SetNull() { *n = Null[T]() }

// SetUnspecified omits the field.
func (n *Nullable[T]) SetUnspecified() { *n = Nullable[T]{} }

// IsNull reports whether the field is null.
func (n Nullable[T]) IsNull() bool { return n.state == null }

// IsSpecified reports whether the field is null or has a value.
func (n Nullable[T]) IsSpecified() bool { return n.state != unspecified }

// IsZero reports whether the field is omitted. encoding/json calls it for omitzero.
func (n Nullable[T]) IsZero() bool { return n.state == unspecified }

// Equal reports whether both fields are omitted, null or equal values. go-cmp calls it.
func (n Nullable[T]) Equal(other Nullable[T]) bool { return reflect.DeepEqual(n, other) }

// String formats the value. A null field is "null", and an omitted field "".
func (n Nullable[T]) String() string {
	switch n.state {
	case null:
		return "null"
	case unspecified:
		return ""
	}
	return fmt.Sprint(n.value)
}

// MarshalJSON encodes the value, or null if there is none. HTML escaping depends on the calling
// encoder.
func (n Nullable[T]) MarshalJSON() ([]byte, error) {
	if n.state != specified {
		return []byte("null"), nil
	}
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(n.value)
	return buffer.Bytes(), err
}

// UnmarshalJSON decodes null or a value. encoding/json doesn't call it for an omitted field,
// which stays unchanged.
func (n *Nullable[T]) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		n.SetNull()
		return nil
	}
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		return err
	}
	n.Set(value)
	return nil
}
