package mapper

import (
	"fmt"
	"strings"
)

// ecommerceMetric is one of Klaviyo's own metrics, a column of ecommerceRows.
type ecommerceMetric int

const (
	viewedProduct ecommerceMetric = iota
	addedToCart
	startedCheckout
	ecommerceMetrics
)

var ecommerceMetricNames = [ecommerceMetrics]string{"Viewed Product", "Added to Cart", "Started Checkout"}

// ecommerceEvents are the events that have a metric of Klaviyo's own. Their names
// are matched in any case.
var ecommerceEvents = []struct {
	event  string
	metric ecommerceMetric
}{
	{"Product Viewed", viewedProduct},
	{"Product Clicked", viewedProduct},
	{"Product Added", addedToCart},
	{"Checkout Started", startedCheckout},
}

// ecommerceRows are the names of the properties of each metric. A property
// without a name keeps its own. The value is a number, whichever property it
// comes from; itemsProperty stands for the one that holds the items.
var ecommerceRows = []struct {
	property string
	names    [ecommerceMetrics]string
}{
	{"order_id", [...]string{"", "", "$event_id"}},
	{valueProperty, [...]string{"", "$value", "$value"}},
	{"name", [...]string{"ProductName", "AddedItemProductName", ""}},
	{"product_id", [...]string{"ProductID", "AddedItemProductID", ""}},
	{"sku", [...]string{"SKU", "AddedItemSKU", ""}},
	{"image_url", [...]string{"ImageURL", "AddedItemImageURL", ""}},
	{"url", [...]string{"URL", "AddedItemURL", ""}},
	{"brand", [...]string{"Brand", "", ""}},
	{"price", [...]string{"Price", "AddedItemPrice", ""}},
	{"compare_at_price", [...]string{"CompareAtPrice", "", ""}},
	{"quantity", [...]string{"", "AddedItemQuantity", ""}},
	{"categories", [...]string{"Categories", "AddedItemCategories", "Categories"}},
	{"item_names", [...]string{"", "ItemNames", "ItemNames"}},
	{"checkout_url", [...]string{"", "CheckoutURL", "CheckoutURL"}},
	{itemsProperty, [...]string{"Items", "Items", "Items"}},
}

const (
	valueProperty = "value"
	itemsProperty = "items"
)

// itemRows are the names of the fields of an item, Klaviyo's and those that
// RudderStack's transformer sends.
var itemRows = []struct {
	field                string
	klaviyo, transformer string
}{
	{"product_id", "ProductID", "ProductID"},
	{"sku", "SKU", "SKU"},
	{"name", "ProductName", "ProductName"},
	{"quantity", "Quantity", "Quantity"},
	{"price", "Price", "ItemPrice"},
	{"total", "RowTotal", "RowTotal"},
	{"row_total", "RowTotal", "RowTotal"},
	{"url", "URL", "ProductURL"},
	{"image_url", "ImageURL", "ImageURL"},
	{"categories", "ProductCategories", "ProductCategories"},
}

// transformerItems is the name of the items among the transformer's names.
const transformerItems = "items"

// ecommerceMetricOf gives the metric that an event of that name becomes.
func ecommerceMetricOf(event string) (ecommerceMetric, bool) {
	event = strings.ToLower(event)
	for _, e := range ecommerceEvents {
		if strings.ToLower(e.event) == event {
			return e.metric, true
		}
	}
	return 0, false
}

// name is what the metric calls a property, or nothing.
func (metric ecommerceMetric) name(property string) string {
	for _, row := range ecommerceRows {
		if row.property == property {
			return row.names[metric]
		}
	}
	return ""
}

// renameProperties gives the properties of an e-commerce event their names.
func (m *mapping) renameProperties(metric ecommerceMetric, o object, worth numberValue) object {
	list := itemList(o)
	return m.rename(o, "properties", func(p member) (member, bool) {
		name, v := metric.name(p.name), p.value
		switch {
		case p.name == list:
			name, v = m.itemsName(metric), m.renameItems(p)
		case worth.isIn(p.name) && metric.name(valueProperty) != "":
			name, v = metric.name(valueProperty), value(worth.text)
		case p.name == valueProperty || p.name == itemsProperty:
			return p, false // no number, or no list
		}
		if name == "" {
			return p, false
		}
		return newMember(name, v), true
	})
}

// itemList names the property that holds the items: items, else products, if it
// is a list. An empty one gives way to one that isn't.
func itemList(properties object) string {
	list := ""
	for _, name := range []string{itemsProperty, "products"} {
		v, _ := properties.get(name)
		switch {
		case !v.isList():
		case !v.isEmpty():
			return name
		case list == "":
			list = name
		}
	}
	return list
}

func (m *mapping) itemsName(metric ecommerceMetric) string {
	if m.cfg.ItemFields == ItemFieldsTransformer {
		return transformerItems
	}
	return metric.name(itemsProperty)
}

// itemFieldName is what the config calls a field of an item, or nothing.
func (m *mapping) itemFieldName(field string) string {
	for _, row := range itemRows {
		switch {
		case row.field != field:
		case m.cfg.ItemFields == ItemFieldsTransformer:
			return row.transformer
		default:
			return row.klaviyo
		}
	}
	return ""
}

// renameItems renames the fields of each item that is an object.
func (m *mapping) renameItems(list member) value {
	out := []byte{'['}
	for i, item := range list.value.elements() {
		if i > 0 {
			out = append(out, ',')
		}
		if !item.isObject() {
			out = append(out, item...)
			continue
		}
		fields := item.members()
		_, hasTotal := fields.get("total")
		place := fmt.Sprintf("properties.%s[%d]", list.name, i)
		out = m.rename(fields, place, func(f member) (member, bool) {
			name := m.itemFieldName(f.name)
			if name == "" || f.name == "row_total" && hasTotal {
				return f, false
			}
			return newMember(name, f.value), true
		}).appendTo(out)
	}
	return append(out, ']')
}

// rename gives the members of o, which stands at place, their mapped names. A
// member that keeps its name loses it to a mapped one.
func (m *mapping) rename(o object, place string, mapped func(member) (member, bool)) object {
	out := make(object, len(o))
	kept := make([]bool, len(o))
	taken := make(map[string]bool)
	for i, p := range o {
		renamed, ok := mapped(p)
		out[i], kept[i] = renamed, !ok
		if ok {
			taken[renamed.name] = true
		}
	}
	unique := out[:0]
	for i, p := range out {
		if kept[i] && taken[p.name] {
			m.warnCollision(place+"."+p.name, "a mapped property has it")
			continue
		}
		unique = append(unique, p)
	}
	return unique
}
