package client

import (
	"bytes"
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// A person is someone whom a body has to name.
type person struct {
	// email, phoneNumber and profileID suffice, each by itself.
	email, phoneNumber, profileID string
	// externalID suffices with WithExternalIDOnly.
	externalID string
	// pointers say where to put an identifier.
	pointers []string
}

func (p person) identified(externalIDOnly bool) bool {
	isGiven := func(id string) bool { return strings.TrimSpace(id) != "" }
	return isGiven(p.email) || isGiven(p.phoneNumber) || isGiven(p.profileID) || externalIDOnly && isGiven(p.externalID)
}

// identify notes an identifier that stands at a place of a person's object.
func (p *person) identify(places runtime.People, place, value string) {
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

// peopleIn gives the people whom a body of an operation names. If a body has lists of
// them and no element in any, they are one person who isn't named. The error is of a
// body that has something else in a person's place.
func peopleIn(op *runtime.Operation, body []byte) ([]person, error) {
	var people []person
	var lists []string
	for _, places := range op.People {
		found, err := findPeople(places, body)
		if err != nil {
			return nil, err
		}
		if list, ok := strings.CutSuffix(places.At, "/*"); ok && len(found) == 0 && (places.Instead == "" || look(body, places.Instead) == nil) {
			lists = append(lists, list)
		}
		people = append(people, found...)
	}
	if len(people) == 0 && len(lists) > 0 {
		people = append(people, person{pointers: lists})
	}
	return people, nil
}

var errOtherBody = errors.New("something else than the operation's body")

// findPeople gives those at one of the places. It reads the body once, for that may
// have megabytes.
func findPeople(places runtime.People, body []byte) ([]person, error) {
	f := finder{
		// A buffer's bytes are not copied.
		Decoder: jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)),
		places:  places,
		inList:  strings.Contains(places.At, "*"),
	}
	if err := f.find("", strings.Split(places.At, "/")[1:]); err != nil {
		return nil, err
	}
	if len(f.people) == 0 && !f.inList {
		f.people = []person{f.unnamed(places.At)}
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

// unnamed is the person at a pointer before anything is known of them.
func (f *finder) unnamed(at string) person {
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

// find follows the way to people from the value at a pointer on.
func (f *finder) find(at string, way []string) error {
	kind := f.PeekKind()
	switch {
	case kind == 'n' && !f.inList:
		return f.SkipValue()
	case len(way) == 0:
		return f.person(at)
	case way[0] == "*" && kind == '[':
		return f.elements(func(i int) error { return f.find(at+"/"+strconv.Itoa(i), way[1:]) })
	case way[0] != "*" && kind == '{':
		return f.members(func(name string) error {
			if name != way[0] {
				return f.SkipValue()
			}
			return f.find(at+"/"+name, way[1:])
		})
	case kind == 'n':
		return f.SkipValue()
	}
	return f.otherBody()
}

// person reads the person at a pointer.
func (f *finder) person(at string) error {
	p := f.unnamed(at)
	var err error
	switch f.PeekKind() {
	case '{':
		err = f.identifiers(&p, "")
	case '"', 'n':
		err = f.identifier(&p, runtime.Self)
	default:
		return f.otherBody()
	}
	f.people = append(f.people, p)
	return err
}

// identifiers reads those within an object of a person.
func (f *finder) identifiers(p *person, place string) error {
	return f.members(func(name string) error {
		place := place + "/" + name
		switch within, is := f.leadsTo(place); {
		case is:
			return f.identifier(p, place)
		case within && f.PeekKind() == '{':
			return f.identifiers(p, place)
		}
		return f.SkipValue()
	})
}

// leadsTo tells whether there is an identifier within a place, or whether the place is
// an identifier's.
func (f *finder) leadsTo(place string) (within, is bool) {
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
			p.identify(f.places, place, token.String())
		}
		return err
	}
	return f.otherBody()
}

// members calls do at the value of each member of an object.
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

// elements calls do at each element of a list.
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

// otherBody is the error of a value that the body hasn't got there.
func (f *finder) otherBody() error {
	if _, err := f.ReadValue(); err != nil {
		return err
	}
	return errOtherBody
}
