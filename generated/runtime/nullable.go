package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
)

// Nullable is a field that is left out, null or a value. The zero Nullable is left
// out; a struct's field needs omitzero in its JSON tag for that. Two are equal by ==
// if T is comparable.
//
// It has the methods of oapi-codegen's type of that name, whose place it takes in the
// generated code: that one is a map, which costs two allocations a field.
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

// Set makes a field a value.
func Set[T any](value T) Nullable[T] {
	return Nullable[T]{value: value, state: specified}
}

// Null makes a field null, which clears it.
func Null[T any]() Nullable[T] { return Nullable[T]{state: null} }

// Get gives the value, or an error if the field is null or left out.
func (n Nullable[T]) Get() (T, error) {
	switch n.state {
	case null:
		return n.value, errors.New("klaviyo: the field is null")
	case unspecified:
		return n.value, errors.New("klaviyo: the field is left out")
	}
	return n.value, nil
}

// MustGet gives the value. It panics if there is none.
func (n Nullable[T]) MustGet() T {
	v, err := n.Get()
	if err != nil {
		panic(err)
	}
	return v
}

// Set gives the field a value.
func (n *Nullable[T]) Set(value T) { *n = Set(value) }

// SetNull makes the field null.
func (n *Nullable[T]) SetNull() { *n = Null[T]() }

// SetUnspecified leaves the field out.
func (n *Nullable[T]) SetUnspecified() { *n = Nullable[T]{} }

// IsNull says whether the field is null.
func (n Nullable[T]) IsNull() bool { return n.state == null }

// IsSpecified says whether the field is null or has a value.
func (n Nullable[T]) IsSpecified() bool { return n.state != unspecified }

// IsZero says whether the field is left out. It is for omitzero.
func (n Nullable[T]) IsZero() bool { return n.state == unspecified }

// Equal says whether both are left out, null or the same value. go-cmp asks it.
func (n Nullable[T]) Equal(other Nullable[T]) bool { return reflect.DeepEqual(n, other) }

// String shows the value, null, or nothing where the field is left out.
func (n Nullable[T]) String() string {
	switch n.state {
	case null:
		return "null"
	case unspecified:
		return ""
	}
	return fmt.Sprint(n.value)
}

// MarshalJSON writes the value, or null where there is none. Escapes for HTML are left
// to the encoder that asks.
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

// UnmarshalJSON reads null or a value. A field that isn't in the JSON stays as it is.
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
