// What the browser keeps of one tenant's conversation from page to page. Every key carries the tenant's domain.

class Memory {
	#tenant;
	#unsent;
	#ratings;

	constructor(tenant) {
		this.#tenant = tenant;
		this.#unsent = this.#read(() => sessionStorage, "unsent") ?? [];
		this.#ratings = this.#read(() => localStorage, "ratings") ?? {};
	}

	// {session, token, last}: shared by all pages of this tenant's; null where none has begun.
	session() {
		const kept = this.#read(() => localStorage, "session");
		return kept?.tenant === this.#tenant && kept.session && kept.token ? kept : null;
	}

	keep({ session, token, last }) {
		this.#write(() => localStorage, "session", { tenant: this.#tenant, session, token, last });
	}

	isSession(key) {
		return key === null || key === this.#key("session");
	}

	forgetSession() {
		this.#write(() => localStorage, "session", null);
		this.#ratings = {};
		this.#write(() => localStorage, "ratings", null);
	}

	// Messages of this page {id, text, session} that the server has not acknowledged, in the order they were written.
	unsent() {
		return [...this.#unsent];
	}

	setUnsent(messages) {
		this.#unsent = messages;
		this.#write(() => sessionStorage, "unsent", messages.length ? messages : null);
	}

	rating(answer) {
		return this.#ratings[answer];
	}

	keepRating(answer, rating) {
		this.#ratings[answer] = rating;
		this.#write(() => localStorage, "ratings", this.#ratings);
	}

	#key(name) {
		return `helpdesk/${this.#tenant}/${name}`;
	}

	#read(store, name) {
		try {
			return JSON.parse(store().getItem(this.#key(name)));
		} catch {
			return null;
		}
	}

	#write(store, name, value) {
		try {
			if (value === null) store().removeItem(this.#key(name));
			else store().setItem(this.#key(name), JSON.stringify(value));
		} catch {
			// A browser that keeps nothing, or is full: the conversation lasts as long as the page.
		}
	}
}
