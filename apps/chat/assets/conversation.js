// The customer's conversation: one loop alone talks to the server, so that nothing is said twice or out of order.

const BACKOFF = [1_000, 2_000, 5_000, 10_000];
const POLLS_EVERY = 15_000;
// While a person may write at any time, and nothing tells of it.
const LOOKS_EVERY = 3_000;

class Conversation {
	#facts;
	#memory;
	#transcript;
	#composer;
	#strips;
	#handover;
	#session;
	#polled = 0;
	// Whether the server may know more than is shown here.
	#stale = false;
	#unfinished = false;
	#running = false;
	#again = false;
	#wake = () => {};

	// strips: `offline(text)` shows a word above the box, or none; `standing(standing, agent, stars)` how the conversation
	// stands, which agent wrote last and how it was rated; `begun(yes)` whether there is one to end.
	constructor({ facts, memory, transcript, composer, strips }) {
		this.#facts = facts;
		this.#memory = memory;
		this.#transcript = transcript;
		this.#composer = composer;
		this.#strips = strips;
		this.#handover = new Handover(transcript, {
			session: () => this.#session,
			heard: (message) => this.#heard(message),
			stood: (standing) => this.#stood(standing),
			again: () => this.#poll(),
		});
		this.#begin(memory.session());
		this.#run();
		setInterval(() => this.#look(), LOOKS_EVERY);
		addEventListener("online", () => this.#poll());
		document.addEventListener("visibilitychange", () => this.#poll());
		addEventListener("storage", (event) => memory.isSession(event.key) && this.#adopt());
	}

	// {session, token}; null where none has begun.
	get session() {
		return this.#session;
	}

	send(message) {
		const { longest, words } = this.#facts;
		const characters = [...message.text].length;
		if (characters > longest) {
			const [length, limit] = [characters, longest].map((number) => number.toLocaleString("en"));
			this.#transcript.notice(words.too_long.replace("{length}", length).replace("{limit}", limit));
			return false;
		}
		this.#transcript.dropNotices();
		const session = this.#session?.session ?? null;
		this.#memory.setUnsent([...this.#memory.unsent(), { ...message, session }]);
		this.#handover.typing(false);
		this.#transcript.pending(message);
		this.#run();
		return true;
	}

	typing(yes) {
		this.#handover.typing(yes);
	}

	// For a message yet to be sent.
	async upload(file, onProgress, signal) {
		if (!this.#session && !(await this.#open())) throw new ConnectionLost("no conversation could be begun");
		return api.upload(this.#session, file, onProgress, signal);
	}

	// The files of a message, with new links.
	async files(sequence) {
		const { messages } = await api.replay(this.#session, sequence - 1);
		return messages[0].attachments;
	}

	// Forgets the session, and what was written in it.
	forget() {
		this.#memory.setUnsent([]);
		this.#memory.forgetSession();
		this.#begin(null);
	}

	// Another page of this tenant's has begun, ended or gone on with the conversation.
	#adopt() {
		const kept = this.#memory.session();
		if (kept?.session !== this.#session?.session) this.#begin(kept);
		else if (kept && kept.last > this.#transcript.last) this.#stale = true;
		this.#run();
	}

	#begin(session, notice) {
		this.#session = session;
		this.#stale = session !== null;
		this.#unfinished = false;
		this.#transcript.clear();
		this.#composer.dropFiles();
		if (notice) this.#transcript.notice(notice);
		this.#strips.offline("");
		this.#handover.begin();
		for (const message of this.#unsent()) this.#transcript.pending(message);
	}

	#unsent() {
		const mine = [null, this.#session?.session ?? null];
		return this.#memory.unsent().filter((message) => mine.includes(message.session));
	}

	#look() {
		const soon = this.#handover.withPeople && !this.#handover.connected;
		if (soon || Date.now() - this.#polled >= POLLS_EVERY) this.#poll();
	}

	#poll() {
		this.#polled = Date.now();
		this.#wake();
		if (!this.#session || (document.hidden && !this.#handover.withPeople)) return;
		this.#stale = true;
		this.#run();
	}

	async #run() {
		this.#again = true;
		if (this.#running) return;
		this.#running = true;
		try {
			while (this.#again) {
				this.#again = false;
				await this.#settle();
			}
		} finally {
			this.#running = false;
		}
	}

	// Until everything that was written has an answer, and everything there is has been shown.
	async #settle() {
		for (let tries = 0; ; ) {
			const session = this.#session;
			try {
				if (this.#stale) await this.#catchUp(session);
				const [message] = this.#unsent();
				if (message) await this.#deliver(message);
				this.#strips.offline("");
				if (!message && !this.#stale && !this.#unfinished) return;
				if (message || session !== this.#session) tries = 0;
				else await this.#pause(tries++);
			} catch (error) {
				if (!(error instanceof ConnectionLost)) throw error;
				if (session !== this.#session) continue;
				this.#strips.offline(this.#facts.words.reconnecting);
				await this.#pause(tries++);
			}
			// Another process, or another page, is at it: what has become of it?
			this.#stale ||= this.#unfinished;
		}
	}

	// Shows what the server has beyond what is shown.
	async #catchUp(session) {
		let told;
		do {
			try {
				told = await api.replay(session, this.#transcript.last);
			} catch (error) {
				if (session !== this.#session) return;
				if (error instanceof Problem && error.isGone) this.#ended();
				// Whatever else it is, it passes.
				else throw new ConnectionLost(error.message);
				return;
			}
			if (session !== this.#session) return;
			this.#transcript.show(told.messages);
			for (const message of told.messages) if (message.handled) this.#acknowledged(message.client_message_id);
		} while (told.messages.length && this.#transcript.last < told.last_sequence);
		this.#stale = false;
		this.#settled(told);
		this.#unfinished = told.pending;
		if (told.pending && !this.#handover.withPeople) this.#transcript.typing();
		else this.#transcript.dropProvisional();
	}

	// Sends one message and shows what comes of it.
	async #deliver(message) {
		if (!this.#session && !(await this.#open())) return;
		const session = this.#session;
		this.#transcript.pending(message);
		// A person takes their time, and nobody is writing yet.
		if (this.#handover.status === "bot") this.#transcript.typing();
		try {
			const done = await api.post(session, message, (name, data) => {
				if (session !== this.#session) return;
				if (name === "typing" && !this.#handover.withPeople) this.#transcript.typing();
				if (name === "delta") this.#transcript.delta(data.reply, data.text);
			});
			this.#acknowledged(message.id);
			session.fresh = false;
			if (session !== this.#session) return;
			this.#transcript.dropProvisional();
			this.#transcript.show([done.message, ...done.messages]);
			this.#settled(done);
		} catch (error) {
			if (session !== this.#session) return;
			this.#transcript.dropProvisional();
			await this.#undelivered(message, error);
		}
	}

	async #undelivered(message, error) {
		if (!(error instanceof Problem)) {
			this.#stale = true;
			throw error;
		}
		if (error.isGone && !this.#session.fresh) return this.#ended();
		if (error.begun || error.status >= 500) {
			// The server may have the message all the same, and answer it later.
			const session = this.#session;
			await this.#catchUp(session);
			if (session !== this.#session) return;
			if (this.#transcript.isStored(message.id)) throw new ConnectionLost(error.message);
		}
		this.#refused(error);
	}

	async #open() {
		try {
			const opened = await api.open(this.#facts.tenant);
			// Another page was quicker.
			if (this.#session) return true;
			this.#session = { session: opened.session_id, token: opened.token, fresh: true };
			const mine = { session: opened.session_id };
			this.#memory.setUnsent(this.#memory.unsent().map((message) => ({ ...message, ...mine })));
			this.#transcript.show(opened.messages);
			this.#settled(opened);
			return true;
		} catch (error) {
			if (!(error instanceof Problem)) throw error;
			this.#refused(error);
			return false;
		}
	}

	#acknowledged(id) {
		this.#memory.setUnsent(this.#memory.unsent().filter((message) => message.id !== id));
	}

	// The messages go back into the box, with the reason.
	#refused(problem) {
		const messages = this.#unsent();
		this.#memory.setUnsent([]);
		for (const { id } of messages) this.#transcript.removePending(id);
		this.#transcript.dropProvisional();
		this.#composer.giveBack(messages);
		this.#transcript.notice(this.#facts.notices[problem.code] ?? this.#facts.notices.default);
	}

	// The session is no more; what was written in it and not taken is said in a new one.
	#ended() {
		this.#memory.setUnsent(this.#unsent().map((message) => ({ ...message, files: [], session: null })));
		this.#memory.forgetSession();
		this.#begin(null, this.#facts.words.ended);
	}

	#settled(told) {
		if (told.last_sequence > this.#transcript.last) this.#stale = true;
		this.#memory.keep({ ...this.#session, last: this.#transcript.last });
		this.#handover.stands(told);
		this.#handover.readUp();
	}

	// A message that came by itself.
	#heard(message) {
		this.#transcript.show([message]);
		if (message.author === "bot") this.#transcript.dropProvisional();
		this.#memory.keep({ ...this.#session, last: this.#transcript.last });
		if (message.sequence <= this.#transcript.last) return;
		this.#stale = true;
		this.#run();
	}

	#stood(standing) {
		this.#strips.standing(standing, this.#transcript.lastAgent, this.#memory.rating(this.#session?.session));
		this.#strips.begun(this.#session !== null);
	}

	#pause(tries) {
		const time = BACKOFF[Math.min(tries, BACKOFF.length - 1)];
		return new Promise((resolve) => {
			this.#wake = resolve;
			setTimeout(resolve, time);
		});
	}
}
