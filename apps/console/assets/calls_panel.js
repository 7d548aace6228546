// What was done for the open conversation, by whom, and what came of it.

const CALLS_REST = 600;

class CallsPanel {
	#find;
	#place;
	#words;
	#api;
	#dialogs;
	#toasts;
	#onApprovals;
	#session = null;
	#timer;

	// onApprovals(): what waits is to be decided.
	constructor(find, words, api, dialogs, toasts, onApprovals) {
		this.#find = find;
		this.#place = find("#hd-panel-calls > div");
		this.#words = words;
		this.#api = api;
		this.#dialogs = dialogs;
		this.#toasts = toasts;
		this.#onApprovals = onApprovals;
	}

	// session: null for none.
	open(session) {
		this.#session = session;
		this.#find('[data-panel="calls"] .hd-count').textContent = "";
		this.#place.replaceChildren();
		if (session) this.#load();
	}

	// More may have been done.
	soon() {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.#session && this.#load(), CALLS_REST);
	}

	async #load() {
		const session = this.#session;
		try {
			const { invocations: calls } = await this.#api.calls(session);
			if (session === this.#session) this.#show(calls);
		} catch (error) {
			if (session === this.#session) this.#place.replaceChildren(make("p.hd-muted", {}, wordsOf(error)));
		}
	}

	#show(calls) {
		this.#find('[data-panel="calls"] .hd-count').textContent = calls.length || "";
		const focused = this.#place.contains(document.activeElement) ? document.activeElement.dataset.call : null;
		const empty = make("p.hd-muted", {}, "Nothing has been done for this conversation yet.");
		this.#place.replaceChildren(make("h3", {}, "Actions"), calls.length ? make("ul.hd-calls", {}, calls.map((call) => this.#item(call))) : empty);
		if (focused) this.#place.querySelector(`[data-call="${CSS.escape(focused)}"]`)?.focus();
	}

	#item(call) {
		const { invocation_id: id, tool, status, started_at: at } = call;
		const does = [];
		if (status === "waiting") does.push(button("Decide", () => this.#onApprovals(), { "data-call": id, "aria-label": `Decide on ${tool}` }));
		if (call.undoable) does.push(button("Undo", () => this.#undo(call), { "data-call": id, "aria-label": `Undo ${tool}` }));
		return make(
			"li",
			{ "data-status": status },
			make("p.hd-line", {}, make("strong", {}, tool), make("span.hd-tag", {}, standingOf(call, this.#words))),
			make("p.hd-muted", {}, `${callerName(call.caller, this.#words)}, `, make("time", { datetime: at }, momentOf(at))),
			...argumentsOf(call),
			...outcomeOf(call),
			does.length ? make("div.hd-choose", {}, does) : "",
		);
	}

	async #undo(call) {
		const sure = await this.#dialogs.confirm(`Take ${call.tool} back?`, "What it did is undone where that is possible; the call stays in this list.", "Take back");
		if (!sure) return;
		try {
			const taken = await this.#api.undo(call.invocation_id);
			this.#toasts.say(taken.status === "waiting" ? "Taking it back waits for approval." : `${call.tool} was taken back.`);
		} catch (error) {
			this.#toasts.failed(error);
		}
		if (this.#session) await this.#load();
	}
}
