// What waits for a person before it is done, and what was decided lately.

const APPROVALS_REST = 300;
const APPROVALS_READ_EVERY = 20_000;
const READ_BACK = 100;
const LATELY = 20;

class ApprovalsPane {
	#place;
	#find;
	#words;
	#api;
	#toasts;
	#needs;
	#cards = new Map();
	#shown = new Map();
	#known = null;
	#justDecided = null;
	#timer = null;
	#running = false;

	// needs: `open(session)`, `show()` (brings the pane to the front), `isShown()`.
	constructor(find, words, api, toasts, needs) {
		this.#find = find;
		this.#place = find(".hd-approvals");
		this.#words = words;
		this.#api = api;
		this.#toasts = toasts;
		this.#needs = needs;
		setInterval(() => this.soon(), APPROVALS_READ_EVERY);
		setInterval(() => this.#tick(), 1_000);
	}

	begin() {
		this.#running = true;
		this.#read();
	}

	end() {
		this.#running = false;
		this.#known = null;
		this.#justDecided = null;
		this.#cards.clear();
		this.#shown.clear();
		this.#list(".hd-pending", []);
		this.#list(".hd-decided", []);
		this.#count(0);
	}

	// Once for many reasons.
	soon() {
		if (!this.#running) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = null;
			this.#read();
		}, APPROVALS_REST);
	}

	focus() {
		this.#place.querySelector("h2").focus({ preventScroll: true });
	}

	async #read() {
		if (!this.#running) return;
		try {
			const [pending, all] = await Promise.all([this.#api.approvals("pending"), this.#api.approvals(null, READ_BACK)]);
			const decided = all.approvals.filter((each) => each.status !== "pending");
			if (this.#running) this.#show(pending, decided.slice(0, LATELY));
		} catch {
			// The strip says that the connection is gone; the next reading comes by itself.
		}
	}

	#show({ now, approvals: pending }, decided) {
		clock.set(now);
		const before = this.#cards;
		const focused = this.#place.contains(document.activeElement);
		this.#cards = new Map();
		for (const approval of pending) {
			const known = before.get(approval.approval_id);
			// One that somebody is writing in stays as it is.
			this.#cards.set(approval.approval_id, { approval, card: known?.card ?? this.#card(approval) });
		}
		this.#list(".hd-pending", [...this.#cards.values()].map(({ card }) => card));
		this.#shown = new Map(decided.map((approval) => [approval.approval_id, this.#kept(approval)]));
		this.#justDecided = null;
		this.#list(".hd-decided", [...this.#shown.values()].map(({ item }) => item));
		this.#count(pending.length);
		this.#tick();
		if (focused && !this.#place.contains(document.activeElement)) this.focus();
		this.#tell(pending);
	}

	// What is new, to whoever looks elsewhere.
	#tell(pending) {
		const fresh = this.#known ? pending.filter((each) => !this.#known.has(each.approval_id)) : [];
		this.#known = new Set(pending.map((each) => each.approval_id));
		if (!fresh.length) return;
		this.#toasts.ring();
		if (this.#needs.isShown()) return;
		const said = fresh.length === 1 ? `${fresh[0].invocation.tool} waits for approval.` : `${fresh.length} calls wait for approval.`;
		this.#toasts.say(said, { label: "Look", act: () => this.#needs.show() });
	}

	// Moves what is there already as little as it can: what has the focus keeps it.
	#list(selector, items) {
		const list = this.#place.querySelector(selector);
		for (const each of [...list.children]) if (!items.includes(each)) each.remove();
		items.forEach((item, at) => list.children[at] !== item && list.insertBefore(item, list.children[at] ?? null));
		list.hidden = !items.length;
		list.nextElementSibling.hidden = items.length > 0;
	}

	#count(pending) {
		this.#find(".hd-to-approvals .hd-count").textContent = pending || "";
		this.#find('[data-go="approvals"] .hd-count').textContent = pending || "";
	}

	#card(approval) {
		const { approval_id: id, invocation: call, description, reason, limit } = approval;
		const title = `hd-approval-${id}`;
		const comment = make("textarea", { rows: 2, dir: "auto", maxlength: 2000, placeholder: "Optional; whoever asked for it is told." });
		const choices = ["refuse", "approve"].map((decision) => {
			const [label, classes] = decision === "approve" ? ["Approve", ".hd-primary"] : ["Refuse", ".hd-danger"];
			return button(label, () => this.#decide(approval, decision, comment.value.trim(), choices), { classes, "aria-describedby": title });
		});
		const price = call.price === null ? null : amountOf(call.price) + (limit === null ? "" : ` (up to ${amountOf(limit)} nobody is asked)`);
		return make(
			"li.hd-approval",
			{ "data-approval": id },
			make("p.hd-line", {}, make("strong", { id: title }, call.tool), make("span.hd-left")),
			description ? make("p.hd-muted", {}, description) : "",
			factsList([
				["Amount", price],
				["Why", reason],
				["Asked by", callerName(call.caller, this.#words)],
				["Asked", momentOf(approval.requested_at)],
			]),
			this.#forWhom(approval),
			...argumentsOf(call),
			rehearsal(call, (invocation) => this.#api.rehearse(invocation)),
			make("label", {}, "Comment", comment),
			make("div.hd-choose", {}, choices),
		);
	}

	#forWhom({ customer, invocation: call }) {
		if (!call.conversation_id) return make("p.hd-muted", {}, "It is for no conversation.");
		const name = customerName({ customer, session_id: call.conversation_id });
		return make("p", {}, "For ", button(name, () => this.#needs.open(call.conversation_id), { classes: ".hd-quiet.hd-for", title: "Open the conversation" }));
	}

	// As it is on the page, unless more is known of it since.
	#kept(approval) {
		const known = this.#shown.get(approval.approval_id);
		const said = JSON.stringify(approval);
		if (known?.said === said) return known;
		const open = known ? known.item.firstElementChild.open : approval.approval_id === this.#justDecided;
		return { said, item: this.#decided(approval, open) };
	}

	#decided(approval, open) {
		const { approval_id: id, invocation: call, status, decided_at: at, decided_by_name: name, comment } = approval;
		const by = ["approved", "refused"].includes(status) ? ` by ${name || "the operator"}` : "";
		const shown = make(
			"details",
			{ open },
			make("summary", {}, make("strong", {}, call.tool), ` ${this.#words.approvals[status]}${by}, `, make("time", { datetime: at }, momentOf(at)), " ", make("span.hd-tag", {}, standingOf(call, this.#words, true))),
			comment ? make("p", { dir: "auto" }, `“${comment}”`) : "",
			this.#forWhom(approval),
			...argumentsOf(call),
			...outcomeOf(call),
		);
		return make("li", { "data-approval": id }, shown);
	}

	async #decide(approval, decision, comment, choices) {
		for (const each of choices) each.disabled = true;
		try {
			const told = await this.#api.decide(approval.approval_id, decision, comment);
			this.#justDecided = told.approval_id;
			this.#toasts.say(`${told.invocation.tool}: ${this.#words.approvals[told.status]}, ${standingOf(told.invocation, this.#words, true)}.`);
		} catch (error) {
			this.#toasts.failed(error);
			for (const each of choices) each.disabled = false;
		}
		await this.#read();
	}

	#tick() {
		for (const { approval, card } of this.#cards.values()) {
			const left = Date.parse(approval.expires_at) - clock.now();
			card.querySelector(".hd-left").textContent = left > 0 ? `${lasted(left)} left` : "time is up";
		}
	}
}
