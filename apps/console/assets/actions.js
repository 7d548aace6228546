// What can be done with the open conversation, and what may be done now.

class Actions {
	#find;
	#live;
	#dialogs;
	#toasts;
	#needs;
	// The id of a wish of which nobody knows what became: asked again, it is the same wish.
	#wishes = new Map();

	// needs: `open()` (the conversation, or null), `me()`, `colleagues()`, `done(conversation)`.
	constructor(find, live, dialogs, toasts, presences, needs) {
		this.#find = find;
		this.#live = live;
		this.#dialogs = dialogs;
		this.#toasts = toasts;
		this.#needs = needs;
		this.presences = presences;
		find(".hd-actions").addEventListener("click", (event) => {
			const pressed = event.target.closest("[data-action]");
			if (pressed) this.act(pressed.dataset.action);
		});
	}

	// Which buttons there are.
	show(conversation) {
		const allowed = this.#allowed(conversation);
		for (const each of this.#find(".hd-actions").children) each.hidden = !allowed.includes(each.dataset.action);
		const claim = this.#find('[data-action="claim"]');
		claim.textContent = conversation.status === "bot" ? "Take over from the bot" : "Claim";
	}

	async act(action) {
		const conversation = this.#needs.open();
		if (!conversation || !this.#allowed(conversation).includes(action)) return;
		const more = await this.#asked(action, conversation);
		if (!more) return;
		const session = conversation.session_id;
		const key = `${session} ${action} ${JSON.stringify(more)}`;
		const wish = this.#wishes.get(key) ?? newId();
		this.#wishes.set(key, wish);
		this.#busy(true);
		try {
			const answer = await this.#live.ask(action, { session_id: session, request_id: wish, ...more });
			this.#wishes.delete(key);
			this.#needs.done(answer.conversation);
		} catch (error) {
			if (error instanceof Refused) this.#wishes.delete(key);
			this.#toasts.failed(error);
		} finally {
			this.#busy(false);
		}
	}

	#allowed({ status, agent_id: owner }) {
		if (["waiting", "bot"].includes(status)) return ["claim"];
		return status === "agent" && owner === this.#needs.me() ? ["release", "transfer", "give_back", "resolve"] : [];
	}

	// What else the wish carries; null where the agent thinks better of it.
	async #asked(action, conversation) {
		const name = customerName(conversation);
		if (action === "claim" && conversation.status === "bot") {
			const sure = await this.#dialogs.confirm("Take over from the bot?", `The bot falls silent, and ${name} is told that you have joined.`, "Take over");
			return sure ? {} : null;
		}
		if (action === "give_back") {
			const sure = await this.#dialogs.confirm("Return to the bot?", `${name} is told, and the bot answers from now on. To write again you must claim the conversation.`, "Return to bot");
			return sure ? {} : null;
		}
		if (action === "resolve") {
			const sure = await this.#dialogs.confirm("Resolve this conversation?", `${name} is told that it is done and may say how it was. It cannot be undone; the customer can write again.`, "Resolve");
			return sure ? {} : null;
		}
		if (action !== "transfer") return {};
		try {
			return await this.#dialogs.transfer(await this.#needs.colleagues(), this.#needs.me(), this.presences);
		} catch (error) {
			this.#toasts.failed(error);
			return null;
		}
	}

	#busy(yes) {
		for (const each of this.#find(".hd-actions").children) each.disabled = yes;
	}
}
