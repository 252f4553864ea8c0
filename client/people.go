package client

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A person is a person in a body.
type person struct {
	// One of email, phoneNumber and profileID is required.
	email, phoneNumber, profileID string
	// externalID is enough with WithExternalIDOnly.
	externalID string
	// pointers are the locations at which an identifier can be added.
	pointers []string
}

func (p person) hasIdentifier(externalIDOnly bool) bool {
	isGiven := func(id string) bool { return strings.TrimSpace(id) != "" }
	return isGiven(p.email) || isGiven(p.phoneNumber) || isGiven(p.profileID) || externalIDOnly && isGiven(p.externalID)
}

// set sets the identifier at a location in the person's object.
func (p *person) set(places runtime.People, place, value string) {
	for _, known := range []struct {
		place string
		id    *string
	}{
		{places.Email, &p.email},
		{places.PhoneNumber, &p.phoneNumber},
		{places.ExternalID, &p.externalID},
		{places.ProfileID, &p.profileID},
	} {
		if known.place == place {
			*known.id = value
		}
	}
}

// peopleIn returns the people in a body. If the body has lists of people and all are empty, it
// returns one person without identifiers. It returns an error if there is something else in the
// place of a person.
func peopleIn(op *runtime.Operation, body []byte) ([]person, error) {
	var people []person
	var lists []string
	for _, places := range op.People {
		found, err := findPeople(places, body)
		if err != nil {
			return nil, err
		}
		if list, ok := strings.CutSuffix(places.At, "/*"); ok && len(found) == 0 && (places.Instead == "" || lookUp(body, places.Instead) == nil) {
			lists = append(lists, list)
		}
		people = append(people, found...)
	}
	if len(people) == 0 && len(lists) > 0 {
		people = append(people, person{pointers: lists})
	}
	return people, nil
}

var errWrongBody = errors.New("something else than the operation's body")

// findPeople returns the people at places. It reads the body, which may have megabytes, only
// once.
func findPeople(places runtime.People, body []byte) ([]person, error) {
	f := finder{
		// The decoder doesn't copy the bytes of a bytes.Buffer.
		Decoder: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		places:  places,
		inList:  strings.Contains(places.At, "*"),
	}
	if err := f.walk("", strings.Split(places.At, "/")[1:]); err != nil {
		return nil, err
	}
	if len(f.people) == 0 && !f.inList {
		f.people = []person{f.newPerson(places.At)}
	}
	return f.people, nil
}

// A finder walks through a body.
type finder struct {
	*jsontext.Decoder
	places runtime.People
	inList bool
	people []person
}

// newPerson returns a person without identifiers at a pointer.
func (f *finder) newPerson(at string) person {
	if f.inList {
		return person{pointers: []string{at}}
	}
	var p person
	for _, place := range []string{f.places.Email, f.places.PhoneNumber, f.places.ProfileID} {
		if place != "" {
			p.pointers = append(p.pointers, at+place)
		}
	}
	return p
}

// walk follows path to people, starting at the value at a pointer.
func (f *finder) walk(at string, path []string) error {
	kind := f.PeekKind()
	switch {
	case kind == 'n' && !f.inList:
		return f.SkipValue()
	case len(path) == 0:
		return f.person(at)
	case path[0] == "*" && kind == '[':
		return f.elements(func(i int) error { return f.walk(at+"/"+strconv.Itoa(i), path[1:]) })
	case path[0] != "*" && kind == '{':
		return f.members(func(name string) error {
			if name != path[0] {
				return f.SkipValue()
			}
			return f.walk(at+"/"+name, path[1:])
		})
	case kind == 'n':
		return f.SkipValue()
	}
	return f.wrongBody()
}

// person reads a person.
func (f *finder) person(at string) error {
	p := f.newPerson(at)
	var err error
	switch f.PeekKind() {
	case '{':
		err = f.identifiers(&p, "")
	case '"', 'n':
		err = f.identifier(&p, runtime.Self)
	default:
		return f.wrongBody()
	}
	f.people = append(f.people, p)
	return err
}

// identifiers reads the identifiers in a person's object.
func (f *finder) identifiers(p *person, place string) error {
	return f.members(func(name string) error {
		place := place + "/" + name
		switch within, is := f.identifierAt(place); {
		case is:
			return f.identifier(p, place)
		case within && f.PeekKind() == '{':
			return f.identifiers(p, place)
		}
		return f.SkipValue()
	})
}

// identifierAt reports whether there is an identifier within place, and whether place is the
// location of one.
func (f *finder) identifierAt(place string) (within, is bool) {
	for _, id := range []string{f.places.Email, f.places.PhoneNumber, f.places.ExternalID, f.places.ProfileID} {
		is = is || id == place
		within = within || strings.HasPrefix(id, place+"/")
	}
	return within, is
}

func (f *finder) identifier(p *person, place string) error {
	switch f.PeekKind() {
	case 'n':
		return f.SkipValue()
	case '"':
		token, err := f.ReadToken()
		if err == nil {
			p.set(f.places, place, token.String())
		}
		return err
	}
	return f.wrongBody()
}

// members calls do for each member of an object.
func (f *finder) members(do func(name string) error) error {
	if _, err := f.ReadToken(); err != nil {
		return err
	}
	for f.PeekKind() != '}' {
		name, err := f.ReadToken()
		if err != nil {
			return err
		}
		if err := do(name.String()); err != nil {
			return err
		}
	}
	_, err := f.ReadToken()
	return err
}

// elements calls do for each element of a list.
func (f *finder) elements(do func(i int) error) error {
	if _, err := f.ReadToken(); err != nil {
		return err
	}
	for i := 0; f.PeekKind() != ']'; i++ {
		if err := do(i); err != nil {
			return err
		}
	}
	_, err := f.ReadToken()
	return err
}

// wrongBody returns the error for an unexpected value.
func (f *finder) wrongBody() error {
	if _, err := f.ReadValue(); err != nil {
		return err
	}
	return errWrongBody
}
