package config

import (
	"reflect"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"go.yaml.in/yaml/v3"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Setting is a key of a file of settings, as help, docs and a new file tell of it.
type Setting struct {
	Key string
	// Usage says what the setting does. A word in backquotes names its value.
	Usage string
	// More is what else there is to know, in sentences.
	More string
	// Default is in YAML. It is empty where leaving the key out is something else than any
	// value.
	Default string
	// Example is a value in YAML, where there is no default or it shows nothing.
	Example string
	// Values are all that a text may be; nil is for any.
	Values []string
	// OfFlag is what else there is to know of the flag, whose value isn't written as in a file.
	OfFlag string
	// NoFlag is why there is no flag; it is empty for settings that have one.
	NoFlag string
	// Advised has a new file set it to Example.
	Advised bool
}

// Settings are all keys, in the order of a new file.
var Settings = []Setting{
	{Key: "privateApiKey", Usage: "private API `key` of the Klaviyo account",
		More: "It gives full access to the account. Keep it out of files: set KLAVIYO_API_KEY in the environment, which takes precedence over this file.", Example: "set-KLAVIYO_API_KEY-instead",
		NoFlag: "other users of a machine see flags: set $KLAVIYO_API_KEY"},
	{Key: "publicApiKey", Usage: "public API `key` (company id) of the account",
		More: "Mapping and sending don't use it.", Example: "AbC123", NoFlag: "nothing uses it"},
	{Key: "revision", Usage: "`revision` of Klaviyo's API: " + strings.Join(mapper.Revisions(), " or "),
		Default: mapper.DefaultRevision(), Example: latestRevision, Advised: true, Values: mapper.Revisions(),
		OfFlag: "give " + latestRevision + " to send to a Klaviyo account"},
	{Key: "listId", Usage: "`id` of the list to subscribe people to if the event names none",
		Example: "XyZ987"},
	{Key: "consent", Usage: "`channels` to subscribe people to if the event names none: email, sms",
		More: "[] is for none.", Default: "[email]", OfFlag: "commas between them, '' for none"},
	{Key: "smsConsent", Usage: "add sms to the channels of consent (true) or remove it (false) if the event names none",
		More: "Without it, consent stays as it is.", Example: "true"},
	{Key: "enforceEmailAsPrimary", Usage: "identify people by email or phone number alone",
		More: "The user id becomes the custom property _id.", Default: "false"},
	{Key: "allowExternalIdOnly", Usage: "send events that have a user id but neither email nor phone number",
		More: "Subscriptions still need one of them. Without it, such events are errors.", Default: "false"},
	{Key: "defaultCountry", Usage: "`country` (ISO 3166-1, such as DE) of phone numbers without +, if the person has no country",
		More: "Without it, such a number is invalid.", Example: "US"},
	{Key: "unsubscribe", Usage: "unsubscribe people whose event has subscribe: false",
		More: "The default is false in revision " + mapper.Revisions()[0] + ", where subscribe: false then only warns, and true in later ones.", Example: "true"},
	{Key: "sendNulls", Usage: "send null traits, which clears the profile's fields",
		More: "Without it, they are left out.", Default: "false"},
	{Key: "flattenProperties", Usage: "turn nested objects into dotted keys",
		More: `{"plan": {"name": "gold"}} becomes "plan.name": "gold".`, Default: "false"},
	{Key: "eventFilteringOption", Usage: "`list` that selects the track events to send: disable (all events), whitelistedEvents or blacklistedEvents",
		Default: string(mapper.EventFilteringDisabled), Values: []string{string(mapper.EventFilteringDisabled), string(mapper.EventFilteringWhitelist), string(mapper.EventFilteringBlacklist)}},
	{Key: "whitelistedEvents", Usage: "`names` of the only track events that are sent, with eventFilteringOption: whitelistedEvents",
		More: "Names are compared in exact case.", Default: "[]", Example: "[{eventName: Order Completed}]",
		OfFlag: "commas between them; the flag sets --event-filtering-option too"},
	{Key: "blacklistedEvents", Usage: "`names` of track events that aren't sent, with eventFilteringOption: blacklistedEvents",
		More: "Names are compared in exact case.", Default: "[]", Example: "[{eventName: Application Opened}]",
		OfFlag: "commas between them; the flag sets --event-filtering-option too"},
	{Key: "ecommerceEvents", Usage: "map Product Viewed and similar events to Klaviyo's own metrics (false: don't)",
		Default: "true"},
	{Key: "itemFields", Usage: "field `names` of items: guide, klaviyo or transformer",
		More:    "guide has those of RudderStack's guide, klaviyo those of Klaviyo's guide for shops, which its ready-made flows read, transformer those that RudderStack's transformer sends.",
		Default: string(mapper.ItemFieldsGuide), Values: []string{string(mapper.ItemFieldsGuide), string(mapper.ItemFieldsKlaviyo), string(mapper.ItemFieldsTransformer)}},
	{Key: "metricNames", Usage: "metric `names` of events, which take precedence over Klaviyo's own",
		Default: "[]", Example: "[{eventName: Order Completed, metricName: Placed Order}]",
		OfFlag: "as EVENT=METRIC, commas between them"},
	{Key: "orderedProducts", Usage: "send an event Ordered Product for each item of an Order Completed",
		Default: "false"},
	{Key: "historicalImport", Usage: "send events and consent as a record of the past, which starts no flow",
		More: "It is for a backfill, and needs a later revision than " + mapper.Revisions()[0] + ".", Default: "false"},
	{Key: "mergeOnAlias", Usage: "merge the profiles of an alias, which can't be undone",
		More: "It needs a later revision than " + mapper.Revisions()[0] + ".", Default: "false"},
}

// AccountSettings are all keys of an account of the service.
var AccountSettings = []Setting{
	{Key: "name", Usage: "name of the account, of lowercase letters, digits and hyphens", Example: "shop-eu", Advised: true},
	{Key: "klaviyoKeyFile", Usage: "file with the private API key",
		More: "Give one of klaviyoKeyFile and klaviyoKeyEnv, unless the file of destination has the key.", Example: "shop-eu.key", Advised: true},
	{Key: "klaviyoKeyEnv", Usage: "environment variable with the private API key", Example: "SHOP_EU_KEY"},
	{Key: "tokensFile", Usage: "file with the tokens of senders, one per line, each of at least 16 characters",
		More: "It can have several, such as one for each sender, and two while one is replaced.", Example: "shop-eu.tokens", Advised: true},
	{Key: "destination", Usage: "file with the settings of the destination, which config init writes",
		More: "Without it, all have their defaults.", Example: "shop-eu.yaml"},
	{Key: "maxBacklog", Usage: "maximum size of the events that are waiting; senders are asked to retry when it is reached", Default: humanize.IBytes(DefaultMaxBacklog)},
	{Key: "maxLetters", Usage: "maximum size of the dead letters; delivery pauses when it is reached", Default: humanize.IBytes(DefaultMaxLetters)},
	{Key: "limits", Usage: "limits that Klaviyo has raised for the account, in place of the published ones",
		More: "For other operations --limit of serve applies.", Example: `["bulk_create_events=20/s,300/m"]`},
	{Key: "quotaShare", Usage: "share of Klaviyo's limits to use, which leaves the rest to other programs",
		More: "Without it, --quota-share of serve applies.", Example: "0.8"},
}

// DefaultValue is the default as JSON would have it, or nil if there is none.
func (s Setting) DefaultValue() any {
	var value any
	if err := yaml.Unmarshal([]byte(s.Default), &value); err != nil {
		panic(err) // the table is tried
	}
	if _, isTime := value.(time.Time); isTime { // YAML takes a revision's name for a date
		return s.Default
	}
	return value
}

var latestRevision = mapper.Revisions()[len(mapper.Revisions())-1]

// LookUp gives the setting of a key.
func LookUp(key string) (Setting, bool) {
	for _, s := range Settings {
		if s.Key == key {
			return s, true
		}
	}
	return Setting{}, false
}

// Field gives a pointer to the field of cfg for a key of [Settings]. That of a text is a
// *string, whatever its type.
func Field(cfg *Config, key string) any {
	field := reflect.ValueOf(cfg).Elem().FieldByIndex(fields[key].Index)
	if field.Kind() == reflect.String {
		return field.Addr().Convert(reflect.TypeFor[*string]()).Interface()
	}
	return field.Addr().Interface()
}
