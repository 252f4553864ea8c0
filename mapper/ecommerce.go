package mapper

import (
	"fmt"
)

// ecommerceRule is how an e-commerce event becomes one of Klaviyo's own metrics.
type ecommerceRule struct {
	metric string
	// rename gives the names of properties.
	rename map[string]string
	// value says that the event's value also is the property $value.
	value bool
}

var (
	viewedProduct = &ecommerceRule{
		metric: "Viewed Product",
		rename: map[string]string{
			"name":             "ProductName",
			"product_id":       "ProductID",
			"sku":              "SKU",
			"image_url":        "ImageURL",
			"url":              "URL",
			"brand":            "Brand",
			"price":            "Price",
			"compare_at_price": "CompareAtPrice",
			"categories":       "Categories",
		},
	}
	addedToCart = &ecommerceRule{
		metric: "Added to Cart",
		value:  true,
		rename: map[string]string{
			"name":         "AddedItemProductName",
			"product_id":   "AddedItemProductID",
			"sku":          "AddedItemSKU",
			"image_url":    "AddedItemImageURL",
			"url":          "AddedItemURL",
			"price":        "AddedItemPrice",
			"quantity":     "AddedItemQuantity",
			"categories":   "AddedItemCategories",
			"item_names":   "ItemNames",
			"checkout_url": "CheckoutURL",
		},
	}
	startedCheckout = &ecommerceRule{
		metric: "Started Checkout",
		value:  true,
		rename: map[string]string{
			"order_id":     "$event_id",
			"categories":   "Categories",
			"item_names":   "ItemNames",
			"checkout_url": "CheckoutURL",
		},
	}
)

// ecommerceRules are found by the event's name in lower case.
var ecommerceRules = map[string]*ecommerceRule{
	"product viewed":   viewedProduct,
	"product clicked":  viewedProduct,
	"product added":    addedToCart,
	"checkout started": startedCheckout,
}

// itemRules are the names of the items and of the fields of one.
type itemRules struct {
	name   string
	rename map[string]string
}

var itemFields = map[ItemFields]*itemRules{
	ItemFieldsKlaviyo: {
		name: "Items",
		rename: map[string]string{
			"product_id": "ProductID",
			"sku":        "SKU",
			"name":       "ProductName",
			"quantity":   "Quantity",
			"price":      "Price",
			"total":      "RowTotal",
			"row_total":  "RowTotal",
			"url":        "URL",
			"image_url":  "ImageURL",
			"categories": "ProductCategories",
		},
	},
	ItemFieldsTransformer: {
		name: "items",
		rename: map[string]string{
			"product_id": "ProductID",
			"sku":        "SKU",
			"name":       "ProductName",
			"quantity":   "Quantity",
			"price":      "ItemPrice",
			"total":      "RowTotal",
			"row_total":  "RowTotal",
			"url":        "ProductURL",
			"image_url":  "ImageURL",
			"categories": "ProductCategories",
		},
	},
}

// itemList names the property that holds the items: items, else products, if it
// is a list.
func itemList(properties object) string {
	for _, name := range []string{"items", "products"} {
		if v, ok := properties.get(name); ok && v.isList() {
			return name
		}
	}
	return ""
}

// renameProperty gives an e-commerce property its row's name, and says whether it
// has a row.
func (m *mapping) renameProperty(rule *ecommerceRule, p member, list string) (member, bool) {
	if p.name == list {
		return newMember(m.items.name, m.renameItems(p)), true
	}
	if name, ok := rule.rename[p.name]; ok {
		return newMember(name, p.value), true
	}
	return p, false
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
			name, ok := m.items.rename[f.name]
			if !ok || f.name == "row_total" && hasTotal {
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
