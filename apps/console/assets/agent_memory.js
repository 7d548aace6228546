// What the browser keeps for agents of one tenant: who is signed in, drafts, what is not sent yet, and their choices.
// Drafts and messages are of one agent's and one page's; nobody who signs in later finds them.

class AgentMemory {
	#tenant;

	constructor(tenant) {
		this.#tenant = tenant;
	}

	// {token, expires_at, agent}; null where nobody is signed in, or no longer.
	signedIn() {
		const kept = this.#read(localStorage, "agent");
		return kept?.token && Date.parse(kept.expires_at) > Date.now() ? kept : null;
	}

	signIn(session) {
		const before = this.#read(sessionStorage, "whose");
		if (before !== session.agent.agent_id) this.forget();
		this.#write(sessionStorage, "whose", session.agent.agent_id);
		this.#write(localStorage, "agent", session);
	}

	// What is not sent yet waits for the same agent to sign in again.
	signOut() {
		this.#write(localStorage, "agent", null);
		if (!this.unsent().length) this.forget();
	}

	forget() {
		for (const name of ["drafts", "unsent"]) this.#write(sessionStorage, name, null);
	}

	isSignedIn(key) {
		return key === null || key === this.#key("agent");
	}

	draft(session) {
		return this.#read(sessionStorage, "drafts")?.[session] ?? "";
	}

	keepDraft(session, text) {
		const drafts = this.#read(sessionStorage, "drafts") ?? {};
		if (text) drafts[session] = text;
		else delete drafts[session];
		this.#write(sessionStorage, "drafts", drafts);
	}

	// {id, session, kind, text, attachments, at}, in the order they were written.
	unsent() {
		return this.#read(sessionStorage, "unsent") ?? [];
	}

	setUnsent(things) {
		this.#write(sessionStorage, "unsent", things.length ? things : null);
	}

	choice(name, otherwise) {
		return this.#read(localStorage, `choice/${name}`) ?? otherwise;
	}

	choose(name, value) {
		this.#write(localStorage, `choice/${name}`, value);
	}

	#key(name) {
		return `helpdesk-console/${this.#tenant}/${name}`;
	}

	#read(store, name) {
		try {
			return JSON.parse(store.getItem(this.#key(name)));
		} catch {
			return null;
		}
	}

	#write(store, name, value) {
		try {
			if (value === null) store.removeItem(this.#key(name));
			else store.setItem(this.#key(name), JSON.stringify(value));
		} catch {
			// A browser that keeps nothing, or is full: it lasts as long as the page.
		}
	}
}
