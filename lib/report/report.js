"use strict";
/* Without this script everything can be read; with it, searched, filtered and opened at once. */
(() => {
	const find = (id) => document.getElementById(id);
	const number = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
	const SLICE = 200;

	/* The words of an element, for searching; kept, for they do not change. */
	const kept = new WeakMap();
	const wordsOf = (element) => {
		if (!kept.has(element))
			kept.set(element, element.textContent.toLowerCase());
		return kept.get(element);
	};

	/* Calls back when typing has paused. */
	const typed = (input, call) => {
		let timer = 0;
		input.addEventListener("input", () => {
			clearTimeout(timer);
			timer = setTimeout(call, 120);
		});
	};

	const setUpChecks = () => {
		const search = find("checks-search");
		if (!search)
			return;
		const sections = [...document.querySelectorAll(".column")].map((section) => ({
			section,
			title: section.querySelector("h3"),
			checks: [...section.querySelectorAll(".check")],
		}));
		const total = sections.reduce((sum, s) => sum + s.checks.length, 0);
		const radios = [...document.querySelectorAll("input[name=verdict]")];
		const filter = () => {
			const wanted = search.value.trim().toLowerCase();
			const verdict = radios.find((r) => r.checked).value;
			let shown = 0;
			for (const { section, title, checks } of sections) {
				let any = 0;
				const all = !wanted || wordsOf(title).includes(wanted);
				for (const check of checks) {
					const fits = (verdict === "all" || check.dataset.verdict === verdict) &&
						(all || wordsOf(check).includes(wanted));
					check.hidden = !fits;
					any += fits;
				}
				section.hidden = !any;
				shown += any;
			}
			find("checks-count").textContent = shown === total
				? "All " + number(total) + " are shown."
				: number(shown) + " of " + number(total) + " are shown.";
		};
		radios.forEach((r) => r.addEventListener("change", filter));
		typed(search, filter);
		search.closest(".tools").hidden = false;
	};

	/* The rarer causes: lines of a list, made into rows of a table a slice at a time. */
	const setUpMore = () => {
		const list = find("more-causes");
		if (!list)
			return null;
		const pre = list.querySelector("pre");
		let lines = null, names = null, found = [], shown = 0;
		const box = document.createElement("div");
		const table = document.createElement("table");
		const caption = table.createCaption();
		const head = table.createTHead().insertRow();
		const body = table.createTBody();
		const more = document.createElement("button");
		more.type = "button";
		box.className = "wide";
		table.className = "list";
		box.hidden = true;
		box.append(table, more);
		list.after(box);
		const read = () => {
			if (lines)
				return;
			lines = pre.textContent.split("\n");
			lines.pop();
			for (const name of lines.shift().split("\t")) {
				const th = document.createElement("th");
				th.scope = "col";
				th.textContent = name;
				head.append(th);
			}
		};
		const slice = () => {
			const rows = document.createDocumentFragment();
			for (const line of found.slice(shown, shown + SLICE)) {
				const row = document.createElement("tr");
				for (const cell of line.split("\t")) {
					const td = row.insertCell();
					const bdi = document.createElement("bdi");
					bdi.textContent = cell;
					td.append(bdi);
				}
				rows.append(row);
			}
			body.append(rows);
			shown = Math.min(shown + SLICE, found.length);
			more.hidden = shown === found.length;
			more.textContent = "Show " + number(Math.min(SLICE, found.length - shown)) + " more";
			caption.textContent = "Rarer causes: " + number(shown) + " of " + number(found.length);
		};
		const show = (wanted) => {
			read();
			if (!names && wanted)
				names = lines.map((line) => line.toLowerCase());
			found = wanted ? lines.filter((_, i) => names[i].includes(wanted)) : lines;
			shown = 0;
			body.replaceChildren();
			slice();
			box.hidden = found.length === 0;
			list.hidden = true;
			return { found: found.length, total: lines.length };
		};
		more.addEventListener("click", slice);
		list.addEventListener("toggle", () => {
			if (list.open && !list.hidden) {
				list.open = false;
				show("");
				more.focus();
			}
		});
		return show;
	};

	const setUpCauses = () => {
		const search = find("causes-search");
		if (!search)
			return;
		const cards = [...document.querySelectorAll(".cause")];
		const more = setUpMore();
		const open = find("causes-open");
		let opened = false;
		typed(search, () => {
			const wanted = search.value.trim().toLowerCase();
			let shown = 0, total = cards.length;
			for (const card of cards) {
				card.hidden = wanted !== "" && !wordsOf(card).includes(wanted);
				shown += !card.hidden;
			}
			if (more) {
				const rest = more(wanted);
				shown += rest.found;
				total += rest.total;
			}
			find("causes-count").textContent = shown === total
				? "All " + number(total) + " are shown."
				: number(shown) + " of " + number(total) + " fit.";
		});
		open.addEventListener("click", () => {
			opened = !opened;
			open.textContent = opened ? "Hide all records" : "Show all records";
			document.querySelectorAll(".cause details").forEach((d) => { d.open = opened; });
		});
		search.closest(".tools").hidden = false;
	};

	/* Paper has nothing to click at. */
	const setUpPrint = () => {
		let closed = [];
		addEventListener("beforeprint", () => {
			closed = [...document.querySelectorAll(".cause details:not([open])")];
			closed.forEach((d) => { d.open = true; });
		});
		addEventListener("afterprint", () => {
			closed.forEach((d) => { d.open = false; });
		});
	};

	setUpChecks();
	setUpCauses();
	setUpPrint();
})();
