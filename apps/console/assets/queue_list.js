// The queue on the left: what it holds comes from the server, its times tick here.

class QueueList {
	#find;
	#words;
	#onOpen;
	#entries = new Map();
	#open = null;
	view = "waiting";

	// onOpen(session): one was chosen. onView(): another view was.
	constructor(find, words, onOpen, onView) {
		this.#find = find;
		this.#words = words;
		this.#onOpen = onOpen;
		let begun = false;
		this.tabs = new Tabs(find(".hd-queue .hd-tabs"), (tab) => {
			this.view = tab.dataset.view;
			if (begun) onView();
		});
		begun = true;
		setInterval(() => this.#tick(), 1_000);
	}

	clear() {
		this.#entries.clear();
		this.#list.replaceChildren();
		this.counts({ waiting: 0, mine: 0 });
	}

	show(told) {
		clock.set(told.now);
		const before = this.#entries;
		this.#entries = new Map(told.items.map((entry) => [entry.session_id, { entry }]));
		const focused = document.activeElement?.closest(".hd-entry")?.dataset.session;
		const items = told.items.map((entry) => {
			const known = before.get(entry.session_id);
			const same = known && JSON.stringify(known.entry) === JSON.stringify(entry);
			const element = same ? known.element : this.#item(entry);
			this.#entries.get(entry.session_id).element = element;
			return element;
		});
		this.#list.replaceChildren(...items);
		if (focused) this.#entries.get(focused)?.element.querySelector(".hd-entry").focus();
		const empty = this.#find(".hd-empty");
		empty.hidden = items.length > 0;
		empty.textContent = { waiting: "Nobody is waiting.", mine: "You have no conversation.", all: "There is no open conversation.", closed: "Nothing has been closed yet." }[this.view];
		this.counts(told);
		this.select(this.#open);
		this.#tick();
	}

	counts({ waiting, mine }) {
		const say = (selector, count) => (this.#find(selector).textContent = count || "");
		say('[data-view="waiting"] .hd-count', waiting);
		say('[data-view="mine"] .hd-count', mine);
		say('[data-go="queue"] .hd-count', waiting);
	}

	select(session) {
		this.#open = session;
		for (const [id, { element }] of this.#entries) {
			if (id === session) element.querySelector(".hd-entry").setAttribute("aria-current", "true");
			else element.querySelector(".hd-entry").removeAttribute("aria-current");
		}
	}

	entry(session) {
		return this.#entries.get(session)?.entry;
	}

	// The one `step` further down than that which is open.
	neighbour(step) {
		const ids = [...this.#entries.keys()];
		const at = ids.indexOf(this.#open);
		return ids[at < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.min(Math.max(at + step, 0), ids.length - 1)];
	}

	get #list() {
		return this.#find(".hd-entries");
	}

	#item(entry) {
		const said = entry.last ? `${this.#words.authors[entry.last.author]}: ${entry.last.text}` : "";
		const marks = [
			entry.meant_for_me && make("b.hd-tag.hd-for-me", {}, "For you"),
			entry.vip && make("b.hd-tag.hd-vip", {}, "VIP"),
			["high", "urgent"].includes(entry.priority) && make("b.hd-tag", {}, this.#words.priorities[entry.priority]),
			entry.team && make("span.hd-tag", {}, entry.team),
			entry.channel !== "web" && make("span.hd-tag", {}, entry.channel),
			this.view !== "mine" && entry.agent && !entry.meant_for_me && make("span.hd-owner", {}, entry.agent),
		].filter(Boolean);
		const unread = entry.unread && entry.status !== "bot" && entry.status !== "closed";
		const shown = make(
			"button.hd-entry",
			{ type: "button", "data-session": entry.session_id },
			make("span.hd-line", {}, make("strong", { dir: "auto" }, customerName(entry)), make("span.hd-wait")),
			make(
				"span.hd-line",
				{},
				make("span.hd-excerpt", { dir: "auto" }, said),
				unread ? make("b.hd-unread", { "aria-label": `${entry.unread} unread` }, String(entry.unread)) : "",
			),
			marks.length ? make("span.hd-marks", {}, marks) : "",
		);
		shown.addEventListener("click", () => this.#onOpen(entry.session_id));
		return make("li", {}, shown);
	}

	#tick() {
		for (const { entry, element } of this.#entries.values()) {
			const wait = element.querySelector(".hd-wait");
			if (!entry.waiting_since) {
				wait.textContent = entry.status === "waiting" ? "" : momentOf(entry.updated_at).replace("Today ", "");
				continue;
			}
			const level = levelOf(entry);
			const { shape, word } = this.#words.levels[level];
			wait.dataset.level = level;
			wait.replaceChildren(
				make("span", { "aria-hidden": "true" }, `${shape} `),
				make("span", {}, lasted(clock.now() - Date.parse(entry.waiting_since))),
				make("span.hd-out", {}, ` waiting, ${word}`),
			);
			wait.title = `Waiting, ${word}`;
		}
	}
}

// By now: what was green when it was told turns amber and red by itself.
function levelOf({ sla, amber_at, red_at }) {
	const past = (moment) => moment && Date.parse(moment) <= clock.now();
	if (past(red_at)) return "red";
	return past(amber_at) ? "amber" : sla;
}

function customerName({ customer, session_id: session }) {
	return customer?.name || customer?.email || customer?.phone || `Customer ${session.slice(0, 4)}`;
}
