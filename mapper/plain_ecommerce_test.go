package mapper_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rudderklaviyo/rudderklaviyo/mapper"
)

// Section 5: e-commerce.

var plainMetrics = map[string]string{
	"product viewed": "Viewed Product", "product clicked": "Viewed Product",
	"product added": "Added to Cart", "checkout started": "Started Checkout",
}

var plainColumns = map[string]map[string]string{
	"Viewed Product": {"name": "ProductName", "product_id": "ProductID", "sku": "SKU", "image_url": "ImageURL", "url": "URL", "brand": "Brand",
		"price": "Price", "compare_at_price": "CompareAtPrice", "categories": "Categories"},
	"Added to Cart": {"name": "AddedItemProductName", "product_id": "AddedItemProductID", "sku": "AddedItemSKU", "image_url": "AddedItemImageURL",
		"url": "AddedItemURL", "price": "AddedItemPrice", "quantity": "AddedItemQuantity", "categories": "AddedItemCategories",
		"item_names": "ItemNames", "checkout_url": "CheckoutURL"},
	"Started Checkout": {"order_id": "$event_id", "categories": "Categories", "item_names": "ItemNames", "checkout_url": "CheckoutURL"},
}

var plainItems = map[string]string{
	"product_id": "ProductID", "sku": "SKU", "name": "ProductName", "quantity": "Quantity", "price": "Price", "total": "RowTotal",
	"row_total": "RowTotal", "url": "URL", "image_url": "ImageURL", "categories": "ProductCategories",
}

// itemsOf are the items of an event, and the property that has them.
func (m *plain) itemsOf(o pairs) (items []json.RawMessage, from string) {
	for _, name := range []string{"items", "products"} {
		v, _ := o.get(name)
		var list []json.RawMessage
		switch kindOf(v) {
		case '[':
			list = listOf(v)
		case '"':
			list = listInText(textOf(v))
		}
		if list != nil && (from == "" || len(items) == 0 && len(list) > 0) {
			items, from = list, name
		}
	}
	return items, from
}

func (m *plain) ecommerce(metric string, o pairs, value, valueName string, isMoney bool) pairs {
	items, itemsName := m.itemsOf(o)
	if isMoney && metric != "Viewed Product" {
		o = append(slices.Clone(o), pair{"\x00money", json.RawMessage(value)})
	}
	names := func(p pair) (string, json.RawMessage) {
		switch {
		case itemsName != "" && p.name == itemsName && m.cfg.ItemFields == mapper.ItemFieldsTransformer:
			return "items", m.items(items, itemsName)
		case itemsName != "" && p.name == itemsName:
			return "Items", m.items(items, itemsName)
		case p.name == "\x00money":
			return "$value", p.raw
		case value != "" && !isMoney && p.name == valueName && metric != "Viewed Product":
			return "$value", json.RawMessage(value)
		case p.name == "order_id" && plainColumns[metric][p.name] != "" && !m.isOrderID(p.raw):
			return "", p.raw
		}
		return plainColumns[metric][p.name], p.raw
	}
	return m.renamed(o, "properties", names)
}

// setOwnPath sets the path that the event has for a path in the request.
func (m *plain) setOwnPath(path, own string) {
	if m.ownPaths == nil {
		m.ownPaths = make(map[string]string)
	}
	m.ownPaths[path] = own
}

// ownPath is the path in the event of a member of an object with the name.
func (m *plain) ownPath(place, name string) string {
	if own, ok := m.ownPaths[place+"."+name]; ok {
		return own
	}
	return place + "." + cutName(name)
}

// isOrderID is whether a value can be a key.
func (m *plain) isOrderID(v json.RawMessage) bool {
	if kindOf(v) == '{' || kindOf(v) == '[' {
		m.warn(mapper.CodeWrongType, "properties.order_id")
		return false
	}
	return kindOf(v) != 0 && kindOf(v) != 'n' && !isBlankText(v)
}

func (m *plain) items(list []json.RawMessage, name string) json.RawMessage {
	var texts []string
	for i, item := range list {
		if kindOf(item) != '{' {
			texts = append(texts, compactPlain(item))
			continue
		}
		fields := pairsOf(item)
		texts = append(texts, encodePairs(m.renamed(fields, fmt.Sprintf("properties.%s[%d]", name, i), func(f pair) (string, json.RawMessage) {
			return m.itemName(fields, f.name), f.raw
		})))
	}
	return json.RawMessage("[" + strings.Join(texts, ",") + "]")
}

// itemName is the name of a field of an item, or empty if it keeps its own.
func (m *plain) itemName(fields pairs, name string) string {
	_, hasTotal := fields.get("total")
	isGuide := m.cfg.ItemFields == "" || m.cfg.ItemFields == mapper.ItemFieldsGuide
	switch {
	case name == "row_total" && hasTotal:
		return ""
	case name == "price" && !isGuide:
		return "ItemPrice"
	case name == "url" && !isGuide:
		return "ProductURL"
	}
	return plainItems[name]
}

// renamed renames members. A member that keeps its name is dropped if another is renamed to it.
func (m *plain) renamed(o pairs, place string, names func(pair) (string, json.RawMessage)) pairs {
	taken := make(map[string]bool)
	mapped := make(pairs, len(o))
	for i, p := range o {
		name, raw := names(p)
		mapped[i] = pair{name, raw}
		taken[name] = name != ""
	}
	var out pairs
	for i, p := range o {
		switch {
		case mapped[i].name != "":
			m.setOwnPath(place+"."+mapped[i].name, place+"."+p.name)
			out = append(out, mapped[i])
		case taken[p.name]:
			m.warn(mapper.CodeNameCollision, place+"."+p.name)
		default:
			out = append(out, p)
		}
	}
	return out
}
