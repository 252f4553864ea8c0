package doctor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

// A refusal is what it means that the account can't be read.
type refusal struct {
	when   func(error) bool
	why    string // ends a sentence such as "not checked: "
	advice string
	all    bool // further calls can't succeed either
	passes bool // by itself
}

// errNoKey is why nothing is read of an account without a key.
var errNoKey = errors.New("there is no key")

const lacksScope = "the key lacks a scope"

// refusals are all; the first that fits holds.
var refusals = []refusal{
	{when: is(errNoKey), why: "there is no usable key", all: true},
	{when: hasStatus(http.StatusPaymentRequired), why: "Klaviyo doesn't serve an account that isn't paid for", advice: "See the account's plan and bills in Klaviyo.", all: true},
	{when: hasStatus(http.StatusUnauthorized), why: "Klaviyo refuses the key", advice: "Make a private key in the account (Settings, API keys), and see that it is copied whole and not deleted.", all: true},
	{when: is(client.ErrUnauthorized), why: lacksScope, advice: "Make a key with this scope (Settings, API keys): a key's scopes can't be changed."},
	{when: hasStatus(http.StatusProxyAuthRequired), why: "the proxy asks for a user and a password", advice: "Put them into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT.", all: true},
	{when: is(client.ErrRevisionRetired), why: "Klaviyo doesn't serve the revision", advice: "Take a release of this program that supports a later revision."},
	{when: both(is(client.ErrMisdirected), hasStatus(0)), why: "there is no connection that can be trusted", advice: "See whether --base-url is right, and whether a proxy that reads HTTPS stands between this machine and Klaviyo: then have this machine trust its certificate (SSL_CERT_FILE).", all: true},
	{when: is(client.ErrMisdirected), why: "the answer isn't Klaviyo's", advice: "See whether --base-url is right, and whether a proxy or a page to log in to stands between this machine and Klaviyo.", all: true},
	{when: is(client.ErrRateLimited), why: "Klaviyo's rate limit is used up", advice: "See which other program calls this account, and try again in a minute.", passes: true},
	{when: both(is(client.ErrUnavailable), hasStatus(0)), why: "Klaviyo can't be reached", advice: "See whether this machine reaches the network, and whether it needs a proxy (HTTPS_PROXY).", all: true, passes: true},
	{when: both(is(client.ErrUnavailable), hasStatus(http.StatusForbidden)), why: "a gateway or a proxy refuses the call", advice: "See whether a proxy or a firewall keeps this machine from Klaviyo; if not, try again later.", all: true, passes: true},
	{when: is(client.ErrUnavailable), why: "Klaviyo isn't available", advice: "Try again later.", passes: true},
	{when: is(context.DeadlineExceeded), why: "Klaviyo answers too slowly", advice: "Try again later, and see whether the network or a proxy is slow.", all: true, passes: true},
	{when: func(error) bool { return true }, why: "the call failed", advice: "Try again; if it stays, report it."},
}

func is(kind error) func(error) bool { return func(err error) bool { return errors.Is(err, kind) } }

// hasStatus matches a call that was answered with a status; 0 is for no answer.
func hasStatus(status int) func(error) bool {
	return func(err error) bool {
		var e *client.Error
		return errors.As(err, &e) && e.StatusCode == status
	}
}

func both(a, b func(error) bool) func(error) bool {
	return func(err error) bool { return a(err) && b(err) }
}

// lacksAScope tells whether Klaviyo took the key, and not for the call.
func lacksAScope(err error) bool { return err != nil && refusalOf(err).why == lacksScope }

func refusalOf(err error) refusal {
	for _, r := range refusals {
		if r.when(err) {
			return r
		}
	}
	panic("unreachable: the last refusal fits all")
}

// refusesAll tells whether no other call can succeed either.
func refusesAll(err error) bool { return err != nil && refusalOf(err).all }

// reason says why a call failed, with the scope that is missing.
func reason(err error) string {
	var e *client.Error
	if !errors.As(err, &e) || e.Operation == nil {
		return refusalOf(err).why
	}
	why, scopes := refusalOf(err).why, e.Operation.Scopes
	switch {
	case why != lacksScope:
	case len(scopes) == 1:
		return "the key lacks the scope " + scopes[0]
	case len(scopes) > 1:
		return "the key lacks one of the scopes " + strings.Join(scopes, " and ")
	}
	return why
}

// detailed is reason with the call, and what its answer or the connection tells. That has no
// values of requests.
func detailed(err error) string {
	var e *client.Error
	switch {
	case !errors.As(err, &e):
		return reason(err)
	case e.StatusCode == 0 && errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("%s (%s: no answer in time)", reason(err), e.Operation)
	case e.StatusCode == 0:
		return fmt.Sprintf("%s: %s", reason(err), strings.TrimPrefix(err.Error(), "klaviyo: "))
	}
	facts := []string{fmt.Sprintf("status %d", e.StatusCode)}
	for _, named := range [][2]string{{"code", e.Code}, {"request id", e.RequestID}} {
		if name.MatchString(named[1]) {
			facts = append(facts, named[0]+" "+named[1])
		}
	}
	return fmt.Sprintf("%s (%s: %s)", reason(err), e.Operation, strings.Join(facts, ", "))
}

// name matches what a server may call a fault or a request by, and no sentence.
var name = regexp.MustCompile(`^[\w.-]{1,100}$`)

// notChecked is the finding of a check whose call failed.
func notChecked(err error) []Finding {
	return []Finding{warning("not checked: "+reason(err), "")}
}
