(() => {
	const parse = (colour) => {
		const [r, g, b, a = 1] = colour.match(/[\d.]+/g).map(Number)
		return { rgb: [r, g, b], a }
	}
	const luminance = ({ rgb }) => {
		const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		return 0.2126 * r + 0.7152 * g + 0.0722 * b
	}
	const ground = (e) => {
		for (; e; e = e.parentElement) {
			const colour = parse(getComputedStyle(e).backgroundColor)
			if (colour.a === 1) return colour
		}
		return { rgb: [255, 255, 255] }
	}
	const poor = []
	for (const e of document.querySelectorAll("body *")) {
		if (e.closest("svg, script, style, noscript")) continue
		if (![...e.childNodes].some((n) => n.nodeType === Node.TEXT_NODE && n.nodeValue.trim())) continue
		const [light, dark] = [luminance(parse(getComputedStyle(e).color)), luminance(ground(e))].sort((a, b) => b - a)
		const ratio = (light + 0.05) / (dark + 0.05)
		if (ratio < 4.5) poor.push(ratio.toFixed(2) + " " + e.outerHTML.slice(0, 120))
	}
	return poor
})()
