package klaviyotest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/runtime"
)

// Klaviyo is a simulated Klaviyo account. Create it with [New]. It is safe for concurrent use,
// and starts no goroutines.
type Klaviyo struct {
	key         string
	scopes      []string // of the key; nil means all
	companyID   string
	clockOffset time.Duration // added to the time in Date headers

	describe  func(*revision) *description
	limits    *limits
	unlimited bool
	faults    faults
	log       requestLog

	mu      sync.Mutex
	retired map[string]bool // revisions; guarded by mu
	account *account        // guarded by mu
}

// New returns an account without profiles. It panics if an option is invalid.
func New(opts ...Option) *Klaviyo {
	return newKlaviyo(func(r *revision) *description { return r.describe() }, opts)
}

func newKlaviyo(describe func(*revision) *description, opts []Option) *Klaviyo {
	k := &Klaviyo{
		describe: describe,
		limits:   newLimits(),
		retired:  make(map[string]bool),
		account:  newAccount(),
	}
	for _, opt := range opts {
		opt(k)
	}
	if k.unlimited {
		k.limits = nil
	}
	return k
}

// Option configures the account that [New] returns.
type Option func(*Klaviyo)

// WithKey sets the private key that is accepted. By default any key is accepted.
func WithKey(key string) Option {
	if key == "" {
		panic("klaviyotest: WithKey: the key is empty")
	}
	return func(k *Klaviyo) { k.key = key }
}

// WithCompanyID sets the public key, the company_id of the operations under /client/. By
// default any id is accepted, and get_accounts returns ABC123.
func WithCompanyID(id string) Option {
	if id == "" {
		panic("klaviyotest: WithCompanyID: the id is empty")
	}
	return func(k *Klaviyo) { k.companyID, k.account.id = id, id }
}

// CallLimits are the rate limits of an endpoint: PerSecond is the burst limit, and PerMinute
// the steady limit.
type CallLimits = runtime.CallLimits

// WithLimit sets the rate limits of an operation's endpoint, for all revisions. The default is
// the limits of the API description. A daily limit stays in effect.
func WithLimit(op *runtime.Operation, limits CallLimits) Option {
	requireOperation("WithLimit", op)
	if limits.PerSecond < 1 || limits.PerMinute < 1 {
		panic("klaviyotest: WithLimit: PerSecond and PerMinute must both be at least 1")
	}
	return func(k *Klaviyo) { k.limits.override(op, limits) }
}

// WithoutLimits disables all rate limits. Responses have no rate limit headers.
func WithoutLimits() Option {
	return func(k *Klaviyo) { k.unlimited = true }
}

// WithWindowsFrom aligns the rate limit windows to epoch. By default a window begins with the
// first call after the previous window ended.
func WithWindowsFrom(epoch time.Time) Option {
	return func(k *Klaviyo) { k.limits.setEpoch(epoch) }
}

// WithList adds a list, like [Klaviyo.AddList].
func WithList(id, name string) Option {
	return func(k *Klaviyo) { k.AddList(id, name) }
}

// WithAnyList creates a list when a subscription names one that doesn't exist, for simulations
// that can't know the account's lists. By default, as at Klaviyo, such a subscription or
// unsubscription is rejected.
func WithAnyList() Option {
	return func(k *Klaviyo) { k.account.createMissingLists = true }
}

// WithRefusedPhoneNumbers makes the account reject the phone numbers for which a function
// returns true. A call that creates or updates one profile succeeds without the number, and the
// response has the header X-Klaviyo-Partial-Failure: phone_number. Any other call with such a
// number, for example one that creates an event, is rejected with status 400 and a pointer to
// each number.
func WithRefusedPhoneNumbers(refused func(phoneNumber string) bool) Option {
	if refused == nil {
		panic("klaviyotest: WithRefusedPhoneNumbers: the function is nil")
	}
	return func(k *Klaviyo) { k.account.rejectsPhone = refused }
}

// WithoutRequestLog disables [Klaviyo.Requests], which saves memory in long simulations.
func WithoutRequestLog() Option {
	return func(k *Klaviyo) { k.log.off = true }
}

// requireOperation panics if an operation is nil.
func requireOperation(caller string, op *runtime.Operation) {
	if op == nil {
		panic(fmt.Sprintf("klaviyotest: %s: the operation is nil", caller))
	}
}

// handle responds to a request. It returns an error if the context ended while the response was
// delayed.
func (k *Klaviyo) handle(r *http.Request) (response, error) {
	c := newCall(r)
	entry := k.log.add(c)
	a, err := k.respondTo(r.Context(), c)
	if err == nil {
		a.setMediaType(c)
		k.setDate(&a)
		k.log.answered(entry, a)
	}
	return a, err
}

// respondTo applies a fault, if there is one, and processes the call. Faults come first, like
// those of a gateway.
func (k *Klaviyo) respondTo(ctx context.Context, c *call) (response, error) {
	fault := k.faults.next(c)
	if fault.AfterAccept {
		a := k.process(c)
		return fault.apply(a), wait(ctx, fault.Delay)
	}
	if err := wait(ctx, fault.Delay); err != nil {
		return response{}, err
	}
	if fault.replacesResponse() {
		return fault.apply(response{}), nil
	}
	return fault.apply(k.process(c)), nil
}

// process checks a call in Klaviyo's order, and executes it. Each call of an authenticated
// client counts against the rate limits.
func (k *Klaviyo) process(c *call) response {
	if a := k.authenticate(c); a != nil {
		return *a
	}
	header, a := k.limits.acquire(c)
	for _, link := range []func(*call) *response{k.authorize, k.fallForward, k.check, k.execute} {
		if a == nil {
			a = link(c)
		}
	}
	maps.Copy(a.header, header)
	return *a
}

// check rejects a call that violates the API description or a rule. It decodes the body.
func (k *Klaviyo) check(c *call) *response {
	if c.revision == nil {
		a := errorResponse(unknownRevision(c))
		return &a
	}
	return k.describe(c.revision).check(c)
}

// execute executes a call that passed all checks. Calls are executed one at a time.
func (k *Klaviyo) execute(c *call) *response {
	account, unlock := k.lockedAccount()
	defer unlock()
	var a response
	if errs := account.rejectedPhones(c); len(errs) > 0 {
		a = errorResponse(errs...)
	} else {
		if len(c.revision.attributeNames) > 0 { // rejectedPhones needs the revision's names
			c.value = c.revision.attributeNames.toAccount(c.value)
		}
		a = c.operationSpec().handler(account, c)
	}
	return &a
}

// lockedAccount locks the account, updates its jobs, and returns it.
func (k *Klaviyo) lockedAccount() (a *account, unlock func()) {
	k.mu.Lock()
	k.account.runJobs(time.Now())
	return k.account, k.mu.Unlock
}

// An account is the state of the account. Klaviyo.mu guards it.
type account struct {
	id                 string            // the company id
	createMissingLists bool              // create the list of a subscription
	rejectsPhone       func(string) bool // nil rejects none
	plan               func(Job) JobPlan // nil uses the zero JobPlan

	profiles      profiles
	lists         []*list
	metrics       []*metric
	events        []*event
	seen          map[eventKey]bool
	subscriptions []Subscription
	jobs          []*job
	ids           int
}

func newAccount() *account {
	return &account{
		id:       "ABC123",
		profiles: newProfiles(),
		seen:     make(map[eventKey]bool),
	}
}

// newID returns an id that is unique in the account. The ids are deterministic if calls come in
// order.
func (a *account) newID(kind string) string {
	a.ids++
	return fmt.Sprintf("01%s%06d", kind, a.ids)
}

// wait waits for d or until the context ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
