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

// Klaviyo is one account at Klaviyo. Make it with [New]. It is safe for
// concurrent use, and starts no goroutine.
type Klaviyo struct {
	key       string
	scopes    []string // of the key; nil is all
	companyID string
	ahead     time.Duration // the clock of answers

	describe  func(*revision) *description
	limits    *limits
	unlimited bool
	faults    faults
	log       requestLog

	mu      sync.Mutex
	retired map[string]bool // revisions; guarded by mu
	account *account        // guarded by mu
}

// New makes an account without profiles. It panics if an option makes no sense,
// since that is a mistake in the test.
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

// Option changes the account that [New] makes.
type Option func(*Klaviyo)

// WithKey sets the one private key that is let in. By default any key is.
func WithKey(key string) Option {
	if key == "" {
		panic("klaviyotest: WithKey: the key is empty")
	}
	return func(k *Klaviyo) { k.key = key }
}

// WithCompanyID sets the one public key that the operations under /client/
// take as company_id. By default any will do, and get_accounts names one of its own.
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
	mustKnow("WithLimit", op)
	if limits.PerSecond < 1 || limits.PerMinute < 1 {
		panic("klaviyotest: WithLimit: PerSecond and PerMinute must both be at least 1")
	}
	return func(k *Klaviyo) { k.limits.override(op, limits) }
}

// WithoutLimits lets any number of calls in, whatever other options say of limits.
// Answers then say nothing of them.
func WithoutLimits() Option {
	return func(k *Klaviyo) { k.unlimited = true }
}

// WithWindowsFrom makes the windows of all limits begin at epoch and at whole
// windows after it, whenever calls come. By default a window begins with the
// first call after the last window ended.
func WithWindowsFrom(epoch time.Time) Option {
	return func(k *Klaviyo) { k.limits.alignTo(epoch) }
}

// WithList adds a list, as [Klaviyo.AddList] does.
func WithList(id, name string) Option {
	return func(k *Klaviyo) { k.AddList(id, name) }
}

// WithAnyList makes the list of a subscription where there is none, which Klaviyo
// doesn't: for simulations that can't know the account's lists. By default such a
// subscription is refused, and so is an unsubscription.
func WithAnyList() Option {
	return func(k *Klaviyo) { k.account.anyList = true }
}

// WithRefusedPhoneNumbers makes the account refuse the phone numbers that a function picks.
// A call that creates or updates one profile is taken without the number, and its answer has
// the header X-Klaviyo-Partial-Failure: phone_number. Any other call with such a number, an
// event's for example, is refused with 400 and a pointer at each.
func WithRefusedPhoneNumbers(refused func(phoneNumber string) bool) Option {
	if refused == nil {
		panic("klaviyotest: WithRefusedPhoneNumbers: the function is nil")
	}
	return func(k *Klaviyo) { k.account.refusesPhone = refused }
}

// WithoutRequestLog keeps no requests for [Klaviyo.Requests], which a long
// simulation has no memory for.
func WithoutRequestLog() Option {
	return func(k *Klaviyo) { k.log.off = true }
}

// mustKnow panics where a test names an operation that there is not.
func mustKnow(caller string, op *runtime.Operation) {
	if op == nil {
		panic(fmt.Sprintf("klaviyotest: %s: the operation is nil", caller))
	}
}

// handle answers a request. Its error is that of a context that ended while
// the answer was delayed.
func (k *Klaviyo) handle(r *http.Request) (answer, error) {
	c := newCall(r)
	entry := k.log.add(c)
	a, err := k.answer(r.Context(), c)
	if err == nil {
		a.speakAs(c)
		k.date(&a)
		k.log.answered(entry, a)
	}
	return a, err
}

// answer is what happens to a request between arrival and answer: faults stand
// in front of everything, as a gateway does.
func (k *Klaviyo) answer(ctx context.Context, c *call) (answer, error) {
	fault := k.faults.take(c)
	if fault.AfterAccept {
		a := k.process(c)
		return fault.apply(a), wait(ctx, fault.Delay)
	}
	if err := wait(ctx, fault.Delay); err != nil {
		return answer{}, err
	}
	if fault.answers() {
		return fault.apply(answer{}), nil
	}
	return fault.apply(k.process(c)), nil
}

// process takes a call through the account's checks, in Klaviyo's order, to the
// operation. The call of an authenticated client counts, whatever becomes of it.
func (k *Klaviyo) process(c *call) answer {
	if a := k.authenticate(c); a != nil {
		return *a
	}
	header, a := k.limits.take(c)
	for _, link := range []func(*call) *answer{k.authorize, k.fallForward, k.check, k.do} {
		if a == nil {
			a = link(c)
		}
	}
	maps.Copy(a.header, header)
	return *a
}

// check refuses a call that breaks the description or a rule, and reads its body.
func (k *Klaviyo) check(c *call) *answer {
	if c.revision == nil {
		a := refuse(unknownRevision(c))
		return &a
	}
	return k.describe(c.revision).check(c)
}

// do answers a call that passed every check. Calls are done one at a time.
func (k *Klaviyo) do(c *call) *answer {
	account, unlock := k.now()
	defer unlock()
	var a answer
	if refusals := account.refusedPhones(c); len(refusals) > 0 {
		a = refuse(refusals...)
	} else {
		if len(c.revision.renamed) > 0 { // the rules above have the revision's names
			c.value = c.revision.renamed.read(c.value)
		}
		a = c.served().do(account, c)
	}
	return &a
}

// now gives the account as it is now, with what its jobs have done until now, and locked.
func (k *Klaviyo) now() (a *account, unlock func()) {
	k.mu.Lock()
	k.account.runJobs(time.Now())
	return k.account, k.mu.Unlock
}

// account is what Klaviyo remembers. The Klaviyo that holds it locks it.
type account struct {
	id           string            // the company id
	anyList      bool              // a subscription makes its list
	refusesPhone func(string) bool // nil refuses none
	plan         func(Job) JobPlan // nil plans nothing

	profiles      profiles
	lists         []*list
	metrics       []*metric
	events        []*event
	counted       map[eventKey]bool
	subscriptions []Subscription
	jobs          []*job
	ids           int
}

func newAccount() *account {
	return &account{
		id:       "ABC123",
		profiles: newProfiles(),
		counted:  make(map[eventKey]bool),
	}
}

// newID makes an id that no other object of the account has. The ids of a
// test that makes its calls in order are the same each time.
func (a *account) newID(kind string) string {
	a.ids++
	return fmt.Sprintf("01%s%06d", kind, a.ids)
}

// wait passes d of the time package's time, or what the context grants of it.
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
