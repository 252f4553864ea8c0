package klaviyotest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/rudderklaviyo/rudderklaviyo/generated/2023-02-22/klaviyo"
)

// Klaviyo is one account at Klaviyo. Make it with [New]. It is safe for
// concurrent use, and starts no goroutine.
type Klaviyo struct {
	key       string
	companyID string

	// revisionRetired tells that the account no longer serves the revision.
	revisionRetired bool

	description *description
	limits      *limits
	unlimited   bool
	faults      faults
	log         requestLog

	mu      sync.Mutex
	account *account // guarded by mu
}

// New makes an account without profiles. It panics if an option makes no sense,
// since that is a mistake in the test.
func New(opts ...Option) *Klaviyo {
	return newKlaviyo(embedded(), opts)
}

func newKlaviyo(d *description, opts []Option) *Klaviyo {
	k := &Klaviyo{
		description: d,
		limits:      newLimits(),
		account:     newAccount(),
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
// take as company_id. By default any will do.
func WithCompanyID(id string) Option {
	if id == "" {
		panic("klaviyotest: WithCompanyID: the id is empty")
	}
	return func(k *Klaviyo) { k.companyID = id }
}

// WithRetiredRevision makes an account that no longer serves the revision. A call with
// the header X-Klaviyo-Revision-Fall-Forward-Opt-Out is answered 410. One without it is
// read as a call of a later revision, which has other bodies and paths, and answered 400
// or 404.
func WithRetiredRevision() Option {
	return func(k *Klaviyo) { k.revisionRetired = true }
}

// WithLimit sets the calls of an operation that are let in per second (burst)
// and per minute (steady). The default is what the description says.
func WithLimit(op *klaviyo.Operation, burst, steady int) Option {
	mustKnow("WithLimit", op)
	if burst < 1 || steady < 1 {
		panic("klaviyotest: WithLimit: a limit is at least 1")
	}
	return func(k *Klaviyo) { k.limits.set(op, burst, steady) }
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

// WithoutRequestLog keeps no requests for [Klaviyo.Requests], which a long
// simulation has no memory for.
func WithoutRequestLog() Option {
	return func(k *Klaviyo) { k.log.off = true }
}

// mustKnow panics where a test names an operation that there is not.
func mustKnow(caller string, op *klaviyo.Operation) {
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
	if a == nil && k.revisionRetired {
		a = fallForward(c)
	}
	if a == nil {
		a = k.description.check(c)
	}
	if a == nil {
		a = k.do(c)
	}
	maps.Copy(a.header, header)
	return *a
}

func (k *Klaviyo) do(c *call) *answer {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := operations[c.operation](k.account, c)
	return &a
}

// operations answer calls that passed every check. They run one at a time.
var operations = map[*klaviyo.Operation]func(*account, *call) answer{
	klaviyo.OperationCreateProfile:            (*account).createProfile,
	klaviyo.OperationUpdateProfile:            (*account).updateProfile,
	klaviyo.OperationGetProfile:               (*account).getProfile,
	klaviyo.OperationGetProfiles:              (*account).getProfiles,
	klaviyo.OperationRequestProfileDeletion:   (*account).requestProfileDeletion,
	klaviyo.OperationCreateClientProfile:      (*account).createClientProfile,
	klaviyo.OperationCreateEvent:              (*account).createEvent,
	klaviyo.OperationCreateClientEvent:        (*account).createEvent,
	klaviyo.OperationGetEvents:                (*account).getEvents,
	klaviyo.OperationGetMetrics:               (*account).getMetrics,
	klaviyo.OperationCreateList:               (*account).createList,
	klaviyo.OperationGetList:                  (*account).getList,
	klaviyo.OperationGetLists:                 (*account).getLists,
	klaviyo.OperationGetListProfiles:          (*account).getListProfiles,
	klaviyo.OperationGetProfileLists:          (*account).getProfileLists,
	klaviyo.OperationCreateListRelationships:  (*account).createListRelationships,
	klaviyo.OperationDeleteListRelationships:  (*account).deleteListRelationships,
	klaviyo.OperationSubscribeProfiles:        (*account).subscribeProfiles,
	klaviyo.OperationUnsubscribeProfiles:      (*account).unsubscribeProfiles,
	klaviyo.OperationSuppressProfiles:         (*account).suppressProfiles,
	klaviyo.OperationUnsuppressProfiles:       (*account).unsuppressProfiles,
	klaviyo.OperationCreateClientSubscription: (*account).createClientSubscription,
}

// account is what Klaviyo remembers. The Klaviyo that holds it locks it.
type account struct {
	anyList bool // a subscription makes its list

	profiles      profiles
	lists         []*list
	metrics       []*metric
	events        []*event
	counted       map[eventKey]bool
	subscriptions []Subscription
	ids           int
}

func newAccount() *account {
	return &account{
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
