package service

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/rudderklaviyo/rudderklaviyo/client"
)

const namespace = "rudderklaviyo"

// Metrics are what a service counts, also before there is one: senders are answered while it
// starts. What the accounts are at the moment is read by the [collector].
type Metrics struct {
	registry *prometheus.Registry

	ingestRequests, ingestEvents, deadLetters, redelivered, repeated, calls, ownershipChanges *prometheus.CounterVec
	ingestAck, callSeconds, quotaWait, leaseRenew                                             *prometheus.HistogramVec
}

// Buckets in seconds: from what an answer takes that is on disk at once up to the senders'
// time-outs, and from what Klaviyo takes up to a minute's limit.
var (
	ackBuckets  = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	callBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}
)

// NewMetrics makes the metrics of one service.
func NewMetrics() *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, append([]string{"account"}, labels...))
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, append([]string{"account"}, labels...))
	}
	m := &Metrics{
		registry:         prometheus.NewRegistry(),
		ingestRequests:   counter("ingest_requests_total", "Requests from senders, by the status of the response. The account is empty if the token is unknown.", "code"),
		ingestEvents:     counter("ingest_events_total", "Events that were acknowledged."),
		ingestAck:        histogram("ingest_ack_seconds", "Time in seconds from the header of a request to its 200 response.", ackBuckets),
		deadLetters:      counter("dead_letters_total", "Events that became dead letters, by the code of the reason.", "code"),
		redelivered:      counter("redelivered_total", "Events that were read again after a kill, a takeover or a pause."),
		repeated:         counter("repeated_total", "Events that were skipped because their senders had sent them before."),
		calls:            counter("calls_total", "Attempts of calls to Klaviyo, by the status of the response, 0 if there was none.", "operation", "status"),
		callSeconds:      histogram("call_seconds", "Duration in seconds of an attempt, from sending the request to the end of the response.", callBuckets, "operation"),
		quotaWait:        histogram("quota_wait_seconds", "Time in seconds that an attempt waited for Klaviyo's rate limits.", callBuckets, "operation"),
		ownershipChanges: counter("ownership_changes_total", "Times that this service became the owner of the account."),
		leaseRenew:       histogram("lease_renew_seconds", "Time in seconds to renew the ownership, which also stores the delivery position.", ackBuckets),
	}
	m.registry.MustRegister(m.ingestRequests, m.ingestEvents, m.ingestAck, m.deadLetters, m.redelivered, m.repeated, m.calls, m.callSeconds,
		m.quotaWait, m.ownershipChanges, m.leaseRenew,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// accountMetrics are those of one account.
type accountMetrics struct {
	deadLetters                             *prometheus.CounterVec // by code
	redelivered, repeated, ownershipChanges prometheus.Counter
	leaseRenew                              prometheus.Observer
}

func (m *Metrics) of(account string) accountMetrics {
	return accountMetrics{
		deadLetters:      m.deadLetters.MustCurryWith(prometheus.Labels{"account": account}),
		redelivered:      m.redelivered.WithLabelValues(account),
		repeated:         m.repeated.WithLabelValues(account),
		ownershipChanges: m.ownershipChanges.WithLabelValues(account),
		leaseRenew:       m.leaseRenew.WithLabelValues(account),
	}
}

// forget takes an account out that is no longer served.
func (m *Metrics) forget(account string) {
	of := prometheus.Labels{"account": account}
	for _, v := range []*prometheus.CounterVec{m.ingestRequests, m.ingestEvents, m.deadLetters, m.redelivered, m.repeated, m.calls, m.ownershipChanges} {
		v.DeletePartialMatch(of)
	}
	for _, v := range []*prometheus.HistogramVec{m.ingestAck, m.callSeconds, m.quotaWait, m.leaseRenew} {
		v.DeletePartialMatch(of)
	}
}

// attempt counts the attempts of an account's calls.
func (m *Metrics) attempt(account string) client.AttemptHook {
	return func(_ context.Context, a client.Attempt) {
		operation := string(a.Operation.ID)
		m.calls.WithLabelValues(account, operation, strconv.Itoa(a.StatusCode)).Inc()
		m.callSeconds.WithLabelValues(account, operation).Observe(a.Duration.Seconds())
		m.quotaWait.WithLabelValues(account, operation).Observe(a.Wait.Seconds())
	}
}

// Ingested counts a request of a sender, whose token names an account unless that is
// empty: the status of its answer, the events that were acknowledged, and how long that took.
func (m *Metrics) Ingested(account string, status, events int, took time.Duration) {
	m.ingestRequests.WithLabelValues(account, strconv.Itoa(status)).Inc()
	if status == http.StatusOK {
		m.ingestEvents.WithLabelValues(account).Add(float64(events))
		m.ingestAck.WithLabelValues(account).Observe(took.Seconds())
	}
}

// Handler gives the metrics in Prometheus' form.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

// Metrics gives the service's metrics in Prometheus' form.
func (s *Service) Metrics() http.Handler { return s.metrics.Handler() }

// collector reads what the accounts are at the moment, which the page for people shows too.
type collector struct{ service *Service }

// gauge is a metric that is read of an account's status.
type gauge struct {
	desc  *prometheus.Desc
	value func(Status) float64
}

func newGauge(name, help string, value func(Status) float64) gauge {
	return gauge{prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, []string{"account"}, nil), value}
}

// storeGauges are left out while the store doesn't answer: a backlog of 0 would be taken for
// a good sign.
var storeGauges = []gauge{
	newGauge("backlog_events", "Events that are stored and not yet delivered.", func(s Status) float64 { return float64(s.Backlog.Events) }),
	newGauge("backlog_full", "1 while the backlog has no room for the events that this service received last, otherwise 0.", func(s Status) float64 { return boolValue(!s.Backlog.FullSince.IsZero()) }),
	newGauge("backlog_bytes", "Size of the backlog in bytes.", func(s Status) float64 { return float64(s.Backlog.Bytes) }),
	newGauge("oldest_undone_seconds", "Age in seconds of the oldest event that is stored and not yet delivered, 0 if there is none.", func(s Status) float64 { return s.OldestUndone.Seconds() }),
	newGauge("dead_letters", "Dead letters that are stored.", func(s Status) float64 { return float64(s.DeadLetterCount()) }),
}

var ownGauges = []gauge{
	newGauge("store_stale_seconds", "Time in seconds since the store last told of the backlog, 0 while it does.", func(s Status) float64 {
		if s.Err == nil || s.StoreRead.IsZero() {
			return 0
		}
		return time.Since(s.StoreRead).Seconds()
	}),
	newGauge("backlog_max_bytes", "Maximum size of the backlog in bytes.", func(s Status) float64 { return float64(s.MaxBacklog) }),
	newGauge("owner", "1 if this service delivers the account's events, otherwise 0.", func(s Status) float64 { return boolValue(s.Owned) }),
}

var (
	deliveredDesc = prometheus.NewDesc(namespace+"_delivered_total", "Events that this service has delivered.", []string{"account"}, nil)
	pausedDesc    = prometheus.NewDesc(namespace+"_account_paused", "1 while delivery of the account is paused, with the reason. Missing otherwise.", []string{"account", "reason"}, nil)
	quotaDesc     = prometheus.NewDesc(namespace+"_quota_remaining", "Calls that Klaviyo's rate limit still allows in the window.", []string{"account", "operation", "window"}, nil)
	quotaMaxDesc  = prometheus.NewDesc(namespace+"_quota_limit", "Calls that Klaviyo's rate limit allows in the window.", []string{"account", "operation", "window"}, nil)
)

// Describe gives what Collect may give.
func (c collector) Describe(descs chan<- *prometheus.Desc) {
	for _, g := range slices.Concat(storeGauges, ownGauges) {
		descs <- g.desc
	}
	descs <- deliveredDesc
	descs <- pausedDesc
	descs <- quotaDesc
	descs <- quotaMaxDesc
}

// Collect reads the status of each account.
func (c collector) Collect(values chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), statusTimeout)
	defer cancel()
	for _, status := range c.service.Status(ctx) {
		give := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
			values <- prometheus.MustNewConstMetric(desc, kind, value, append([]string{status.Name}, labels...)...)
		}
		gauges := ownGauges
		if status.Err == nil {
			gauges = slices.Concat(storeGauges, ownGauges)
		}
		for _, g := range gauges {
			give(g.desc, prometheus.GaugeValue, g.value(status))
		}
		give(deliveredDesc, prometheus.CounterValue, float64(status.Delivered))
		if status.Pause != nil {
			give(pausedDesc, prometheus.GaugeValue, 1, status.Pause.Reason)
		}
		for _, q := range status.Quotas {
			give(quotaDesc, prometheus.GaugeValue, float64(q.Remaining), q.Operation, q.Window)
			give(quotaMaxDesc, prometheus.GaugeValue, float64(q.Limit), q.Operation, q.Window)
		}
	}
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
