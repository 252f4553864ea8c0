package sample

import "time"

// begin writes the members that each event begins with.
func (e *event) begin(kind string) {
	e.put(`{"type":"`, kind, `","messageId":"`)
	e.uuid()
	e.put(`","channel":"web","userId":"`, e.person.id, `","anonymousId":"`)
	e.uuid()
	e.put(`","originalTimestamp":`)
	e.stamp(0)
	e.put(`,"sentAt":`)
	e.stamp(400 * time.Millisecond)
	e.put(`,"receivedAt":`)
	e.stamp(650 * time.Millisecond)
	e.put(`,"timestamp":`)
	e.stamp(250 * time.Millisecond)
	e.put(`,"integrations":{"All":true}`)
}

var (
	agents = []string{
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	}
	locales   = []string{"en-US", "de-DE", "pt-BR", "fr-FR", "ja-JP"}
	campaigns = []string{"spring-sale", "newsletter-12", "back-in-stock", "loyalty"}
	pages     = []string{"/", "/shop/jackets", "/shop/boots", "/cart", "/account"}
)

// context writes the context that the SDK of a web site adds.
func (e *event) context() {
	p, page := e.person, pick(e.Rand, pages)
	e.put(`,"context":{"app":{"name":"Shop","version":"4.12.0","build":"4120"}`,
		`,"library":{"name":"RudderLabs JavaScript SDK","version":"3.21.0"}`,
		`,"device":{"id":"`)
	e.hex(32)
	e.put(`","manufacturer":"Example","model":"Pad 7","type":"desktop","adTrackingEnabled":false}`,
		`,"os":{"name":"macOS","version":"15.1"},"screen":{"density":2,"width":1512,"height":982,"innerWidth":1512,"innerHeight":860}`,
		`,"locale":"`, pick(e.Rand, locales), `","timezone":"`, p.city.timezone, `","ip":"192.0.2.`)
	e.int(e.IntN(256))
	e.put(`","userAgent":"`, pick(e.Rand, agents), `","sessionId":`)
	e.int(1_767_600_000 + e.IntN(1_000_000))
	e.put(`,"campaign":{"name":"`, pick(e.Rand, campaigns), `","source":"email","medium":"newsletter"}`,
		`,"page":{"path":"`, page, `","referrer":"https://www.example.org/search?q=winter+boots","referring_domain":"www.example.org"`,
		`,"title":"Shop – warm things","url":"https://shop.example.com`, page,
		`?utm_source=email&utm_medium=newsletter"}`,
		`,"traits":{"email":"`, p.email, `","firstName":"`, p.firstName, `","lastName":"`, p.lastName,
		`","phone":"`, p.phone, `","plan":"gold","loyalty_points":`)
	e.int(e.IntN(5000))
	e.put(`,"newsletter":true}}`)
}

var trackNames = []string{"Article Read", "Store Visited", "Coupon Applied", "Search Performed", "Review Written", "Wishlist Viewed"}

// plainTrack is a track without a metric of Klaviyo's own.
func plainTrack(e *event) {
	e.begin("track")
	e.put(`,"event":"`, pick(e.Rand, trackNames), `"`)
	e.context()
	e.put(`,"properties":{"category":"outdoor","position":`)
	e.int(e.IntN(40))
	e.put(`,"score":0.`)
	e.int(100 + e.IntN(900))
	e.put(`,"tags":["warm","new","blue"],"first_visit":false,"coupon":null,"filters":{"size":["M","L"],"price":{"min":20,"max":150}},"revenue":`)
	e.cents(500 + e.IntN(20_000))
	e.put(`,"currency":"EUR","note":"as seen in the \"Winter\" catalogue"}}`)
}

var products = []string{"Down Jacket", "Hiking Boots", "Wool Socks", "Rain Coat", "Fleece Hat", "Trail Pack"}

// product writes the properties of a product, without braces, and returns its price.
func (e *event) product(position int) (cents int) {
	name := pick(e.Rand, products)
	cents = 900 + e.IntN(20_000)
	e.put(`"product_id":"p-`)
	e.hex(8)
	e.put(`","sku":"SKU-`)
	e.hex(6)
	e.put(`","name":"`, name, `","brand":"Example","variant":"blue/M","price":`)
	e.cents(cents)
	e.put(`,"quantity":`)
	e.int(1 + e.IntN(3))
	e.put(`,"position":`)
	e.int(position)
	e.put(`,"url":"https://shop.example.com/p/`)
	e.hex(8)
	e.put(`","image_url":"https://cdn.example.com/i/`)
	e.hex(8)
	e.put(`.jpg"`)
	return cents
}

// productList writes a list of products and returns their total price.
func (e *event) productList(n int) (cents int) {
	e.put(`"products":[`)
	for i := range n {
		if i > 0 {
			e.put(`,`)
		}
		e.put(`{`)
		cents += e.product(i + 1)
		e.put(`}`)
	}
	e.put(`]`)
	return cents
}

// productAdded is Klaviyo's Added to Cart.
func productAdded(e *event) {
	e.begin("track")
	e.put(`,"event":"Product Added"`)
	e.context()
	e.put(`,"properties":{`)
	e.product(1)
	e.put(`,"cart_id":"c-`)
	e.hex(10)
	e.put(`",`)
	total := e.productList(3)
	e.put(`,"value":`)
	e.cents(total)
	e.put(`,"currency":"EUR"}}`)
}

// checkoutStarted is Klaviyo's Started Checkout.
func checkoutStarted(e *event) {
	e.begin("track")
	e.put(`,"event":"Checkout Started"`)
	e.context()
	e.put(`,"properties":{"order_id":"o-`)
	e.hex(10)
	e.put(`","affiliation":"Online Store",`)
	total := e.productList(5)
	e.put(`,"revenue":`)
	e.cents(total)
	e.put(`,"shipping":4.90,"tax":3.25,"discount":0,"coupon":"SPRING","currency":"EUR"}}`)
}

var lists = []string{"Xa1b2C", "Yd3e4F", "Zg5h6I"}

func identify(e *event) {
	p := e.person
	e.begin("identify")
	e.context()
	e.put(`,"traits":{"email":"`, p.email, `","phone":"`, p.phone, `","firstName":"`, p.firstName, `","lastName":"`, p.lastName,
		`","title":"Buyer","organization":"Example Ltd","avatar":"https://cdn.example.com/a/`)
	e.hex(8)
	e.put(`.png","address":{"street":"12 Long Road","city":"`, p.city.city, `","state":"`, p.city.region,
		`","country":"`, p.city.country, `","postalCode":"`, p.city.zip, `"},"timezone":"`, p.city.timezone,
		`","createdAt":"2024-03-01T10:00:00Z","age":`)
	e.int(18 + e.IntN(60))
	e.put(`,"vip":false,"lifetime_value":`)
	e.cents(e.IntN(200_000))
	e.put(`,"favourites":["boots","jackets"],"preferences":{"language":"en","size":{"shoe":42,"shirt":"M"}},"last_order":null,"external_number":`)
	e.int(1_000_000_000 + e.IntN(1_000_000_000))
	e.put(`12345,"properties":{"subscribe":`)
	if e.IntN(3) == 0 {
		e.put(`true,"listId":"`, pick(e.Rand, lists), `","consent":["email"]}}}`)
	} else {
		e.put(`false}}}`)
	}
}

func group(e *event) {
	p := e.person
	e.begin("group")
	e.put(`,"groupId":"`, pick(e.Rand, lists), `"`)
	e.context()
	e.put(`,"traits":{"email":"`, p.email, `","phone":"`, p.phone,
		`","subscribe":true,"consent":["email"],"name":"Example Ltd","industry":"Retail","employees":`)
	e.int(e.IntN(500))
	e.put(`}}`)
}
