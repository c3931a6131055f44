/* What tests/browser.t asks of a page and does in it. Checks give what is wrong, or ''. */
"use strict";
globalThis.test = (() => {
	const all = (selector) => [...document.querySelectorAll(selector)];
	const name = (e) => e.tagName.toLowerCase() + (e.id && "#" + e.id) + (e.className.baseVal ?? e.className).replace(/(^|\s+)(?=\S)/g, ".");
	const some = (list) => [...new Set(list)].slice(0, 10).join(", ");
	const shown = (e) => e.checkVisibility({ checkVisibilityCSS: true });

	/* Relative luminance and contrast, as WCAG 2.1 has them. */
	const rgb = (color) => (color.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
	const luminance = (color) => {
		const [r, g, b] = color.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const ratio = (a, b) => {
		const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
		return (high + 0.05) / (low + 0.05);
	};
	const background = (e) => {
		for (; e; e = e.parentElement) {
			const color = rgb(getComputedStyle(e).backgroundColor);
			if (color.length < 4 || color[3] === 1)
				return color;
		}
		return [255, 255, 255];
	};
	const contrast = () => {
		const wrong = [];
		let texts = 0;
		for (const e of all("body *")) {
			const style = getComputedStyle(e);
			const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
			if (e.closest("script, svg") || !text)
				continue;
			const size = parseFloat(style.fontSize);
			const large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
			const got = ratio(rgb(style.color), background(e));
			texts++;
			if (got < (large ? 3 : 4.5))
				wrong.push(name(e) + " " + got.toFixed(2));
		}
		for (const e of all("svg .bar, svg path.bad, svg .trace, svg .point, svg .limit")) {
			const style = getComputedStyle(e);
			const color = e.matches(".trace, .point, .limit") ? style.stroke : style.fill;
			const got = ratio(rgb(color), background(e.closest("svg").parentElement));
			if (got < 3)
				wrong.push(name(e) + " " + got.toFixed(2));
		}
		for (const e of all("input, button")) {
			if (e.type === "radio")
				continue;
			if (ratio(rgb(getComputedStyle(e).borderTopColor), background(e.parentElement)) < 3)
				wrong.push(name(e) + " border");
		}
		return texts > 20 ? some(wrong) : "only " + texts + " texts";
	};

	/* What a screen reader needs. */
	const structure = () => {
		const wrong = [];
		let last = 0;
		for (const h of all("h1, h2, h3, h4, h5, h6")) {
			const level = Number(h.tagName[1]);
			if (level > last + 1)
				wrong.push(name(h) + " after h" + last);
			last = level;
		}
		for (const [selector, count] of [["h1", 1], ["body > header", 1], ["nav[aria-label]", 1], ["main", 1], ["body > footer", 1], ["html[lang=en]", 1]])
			if (all(selector).length !== count)
				wrong.push(selector);
		wrong.push(...all("table").filter((t) => !t.caption || !t.tHead).map(name));
		wrong.push(...all("th:not([scope])").map(name));
		wrong.push(...all("svg:not([aria-hidden=true])").map(name));
		wrong.push(...all("input").filter((i) => !i.labels.length).map(name));
		wrong.push(...all("[role=region]:not([aria-label])").map(name));
		wrong.push(...all("section").filter((s) => !s.hasAttribute("aria-label") && !s.hasAttribute("aria-labelledby") && !s.matches(".column")).map(name));
		const ids = all("[id]").map((e) => e.id);
		wrong.push(...ids.filter((id, i) => ids.indexOf(id) !== i).map((id) => "id " + id));
		wrong.push(...all("a").filter((a) => !document.querySelector(a.getAttribute("href"))).map((a) => a.href));
		wrong.push(...all("[style], [onclick], [onload], [onerror], iframe, object, embed, form, img, link, base").map(name));
		return some(wrong);
	};

	/* The keyboard: what had the focus, and whether that could be seen. */
	let seen = new Set(), unmarked = [];
	const watch = () => {
		document.addEventListener("focusin", (event) => {
			const style = getComputedStyle(event.target);
			seen.add(event.target);
			if (!event.target.matches("#main") && (style.outlineStyle === "none" || parseFloat(style.outlineWidth) < 2))
				unmarked.push(name(event.target));
		});
		return "";
	};
	const unreached = () => {
		const one = (e) => e.type !== "radio" || e.checked;
		const list = all("a[href], button, input, summary, [tabindex='0']").filter((e) => shown(e) && one(e));
		return some(list.filter((e) => !seen.has(e)).map(name).concat(unmarked.map((n) => n + " has no outline")));
	};

	const visibleChecks = () => all(".check").filter(shown).length;
	const visibleCauses = () => all(".cause").filter(shown).length;

	/* Characters that steer a terminal or the direction of text. */
	const steering = () => some((document.documentElement.textContent.match(/[\0-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g) ?? [])
		.map((c) => "U+" + c.codePointAt(0).toString(16)));
	const elements = () => [...new Set(all("*").map((e) => e.tagName.toLowerCase()))].sort().join(" ");
	const wide = () => document.documentElement.scrollWidth > innerWidth
		? some(all("body *").filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest(".wide, pre")).map(name)) || "the page"
		: "";
	const find = (selector) => document.querySelector(selector);
	const press = (selector) => { find(selector).click(); return "clicked"; };
	const focus = (selector) => { find(selector).focus(); return document.activeElement === find(selector) ? "focused" : "not focused"; };
	const text = (selector) => find(selector).textContent;
	const count = (selector) => all(selector).length;
	const loaded = () => Math.round(performance.getEntriesByType("navigation")[0].loadEventEnd);

	/* Milliseconds of the same work each time, by which a page's can be told from the machine's. */
	const pace = () => {
		const from = performance.now();
		new DOMParser().parseFromString(`<table>${"<tr><td>a</td><td class=b>c</td></tr>".repeat(100000)}</table>`, "text/html");
		return Math.round(performance.now() - from);
	};

	return { contrast, structure, watch, unreached, visibleChecks, visibleCauses, steering, elements, wide, press, focus, text, count, loaded, pace };
})();
