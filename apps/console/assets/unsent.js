// What an agent has written and the server has not acknowledged: sent again until it is, each in its order and once,
// for the server knows it by its id.

const SENT_AGAIN_AFTER = 2_000;

class Unsent {
	#live;
	#memory;
	#hears;
	#running = new Set();

	// hears: `refused(thing, error)`, `taken(thing, answer)`.
	constructor(live, memory, hears) {
		this.#live = live;
		this.#memory = memory;
		this.#hears = hears;
	}

	// kind: "agent_to_user" or "note".
	add(kind, session, text, attachments = []) {
		const thing = { id: newId(), kind, session, text, attachments, at: Date.now() };
		this.#memory.setUnsent([...this.#memory.unsent(), thing]);
		this.#run(session);
		return thing;
	}

	of(session, kind) {
		return this.#memory.unsent().filter((each) => each.session === session && each.kind === kind);
	}

	// After each connection.
	resume() {
		for (const session of new Set(this.#memory.unsent().map((each) => each.session))) this.#run(session);
	}

	async #run(session) {
		if (this.#running.has(session)) return;
		this.#running.add(session);
		try {
			for (let thing; (thing = this.#memory.unsent().find((each) => each.session === session)); ) {
				if (!this.#live.connected) return;
				await this.#send(thing);
			}
		} finally {
			this.#running.delete(session);
		}
	}

	async #send(thing) {
		try {
			const answer = await this.#live.ask(thing.kind, this.#event(thing));
			this.#drop(thing);
			this.#hears.taken(thing, answer);
		} catch (error) {
			if (!(error instanceof Refused)) return new Promise((resolve) => setTimeout(resolve, SENT_AGAIN_AFTER));
			// Too many, or the server is busy: it passes.
			if (["rate_limited", "unavailable", "database_unavailable"].includes(error.code)) return new Promise((resolve) => setTimeout(resolve, SENT_AGAIN_AFTER));
			this.#drop(thing);
			this.#hears.refused(thing, error);
		}
	}

	#event({ id, kind, session, text, attachments }) {
		if (kind === "note") return { session_id: session, client_note_id: id, text };
		const ids = attachments.map((each) => each.attachment_id);
		return { session_id: session, client_message_id: id, text, ...(ids.length ? { attachments: ids } : {}) };
	}

	#drop(thing) {
		this.#memory.setUnsent(this.#memory.unsent().filter((each) => each.id !== thing.id));
	}
}
