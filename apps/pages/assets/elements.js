// Elements made of text: nothing here takes HTML.

// make("p.hd-x", "text" or children…): an element with classes and, after them, attributes.
function make(what, attributes = {}, ...children) {
	const [tag, ...classes] = what.split(".");
	const made = document.createElement(tag || "div");
	made.classList.add(...classes);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === true) made.setAttribute(name, "");
		else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
	}
	made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
	return made;
}

function button(label, onClick, { classes = "", ...attributes } = {}) {
	const made = make(`button${classes}`, { type: "button", ...attributes }, label);
	made.addEventListener("click", onClick);
	return made;
}

// Rows of name and value; what has no value is left out.
function factsList(rows) {
	const known = rows.filter(([, value]) => value !== null && value !== undefined && value !== "");
	return make("dl.hd-facts", {}, known.flatMap(([name, value]) => [make("dt", {}, name), make("dd", {}, String(value))]));
}

// What the server has rendered safe, and nothing else.
function safe(html) {
	const template = document.createElement("template");
	template.innerHTML = html;
	return template.content;
}

function sizeOf(bytes) {
	if (!bytes) return "0 kB";
	return bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

// Tabs, as the ARIA Authoring Practices have them: arrows move, only the chosen one is in the order of focus.
class Tabs {
	constructor(list, onChoose) {
		this.tabs = [...list.querySelectorAll('[role="tab"]')];
		this.onChoose = onChoose;
		list.addEventListener("click", (event) => {
			const tab = event.target.closest('[role="tab"]');
			if (tab) this.choose(tab);
		});
		list.addEventListener("keydown", (event) => {
			const steps = { ArrowRight: 1, ArrowLeft: -1 };
			const at = this.tabs.indexOf(document.activeElement);
			const to = { Home: 0, End: this.tabs.length - 1 }[event.key] ?? (event.key in steps ? at + steps[event.key] : null);
			if (to === null || at < 0) return;
			event.preventDefault();
			const tab = this.tabs[(to + this.tabs.length) % this.tabs.length];
			this.choose(tab);
			tab.focus();
		});
		this.choose(this.tabs[0]);
	}

	choose(tab) {
		for (const each of this.tabs) {
			each.setAttribute("aria-selected", String(each === tab));
			each.tabIndex = each === tab ? 0 : -1;
		}
		this.onChoose(tab);
	}
}
