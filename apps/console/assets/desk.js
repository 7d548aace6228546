// The conversation that is open, and everything on the page that is about it.

class Desk {
	#find;
	#words;
	#api;
	#live;
	#toasts;
	#panes;
	#heading;
	#typing;
	#reader;
	#readMark;
	#agent = null;
	#open = null;
	#opening = 0;

	constructor({ find, facts, api, live, memory, toasts, dialogs, panes }) {
		this.#find = find;
		this.#words = facts.words;
		this.#api = api;
		this.#live = live;
		this.#toasts = toasts;
		this.#panes = panes;
		this.#heading = new Heading(find, this.#words);
		this.#typing = new TypingLine(find(".hd-live"));
		const lineage = (answer) => api.lineage(answer);
		this.queue = new QueueList(find, this.#words, (session) => this.open(session), () => this.#reader.soon());
		this.#reader = new QueueReader(api, live, this.queue, ({ waiting }) => toasts.badge(waiting));
		this.transcript = new DeskTranscript(find(".hd-log"), this.#words, {
			lineage,
			earlier: () => this.#loadEarlier(),
			fresh: (sequence) => this.#fresh(sequence),
			seen: () => this.#readMark.seen(),
		});
		this.#readMark = new ReadMark(live, this.transcript, () => (this.#owns ? this.#open : null));
		this.unsent = new Unsent(live, memory, { taken: (thing, answer) => this.#taken(thing, answer), refused: (thing, error) => this.#refused(thing, error) });
		this.reply = new ReplyBox(find(".hd-reply"), facts, {
			send: (text, files) => this.transcript.pending(this.unsent.add("agent_to_user", this.session, text, files)),
			typing: (typing) => live.tell("typing", { session_id: this.session, typing }),
			upload: (file) => api.upload(this.session, file),
			draft: (session) => memory.draft(session),
			keepDraft: (session, text) => memory.keepDraft(session, text),
			values: () => ({ "agent.name": this.#agent?.name ?? "", "tenant.name": facts.name }),
		});
		this.actions = new Actions(find, live, dialogs, toasts, this.#words.presences, {
			open: () => this.#open,
			me: () => this.#agent?.agent_id,
			colleagues: () => api.colleagues(),
			done: (conversation) => this.#changed(conversation),
		});
		this.context = new ContextPanel(find, this.#words, { lineage, reveal: (sequence) => this.#reveal(sequence) });
		this.suggestions = new SuggestionsPanel(find, api, (text) => this.#insert(text));
		this.canned = new CannedPanel(find, api, dialogs, toasts, facts, {
			insert: (answer) => this.#owns && (this.#panes.show("conversation"), this.reply.insertCanned(answer)),
			changed: (answers) => (this.reply.menu.answers = answers),
		});
		this.notes = new NotesPanel(find, (text) => this.unsent.add("note", this.session, text));
		this.customer = new CustomerPanel(find("#hd-panel-customer > div"), this.#words, (session) => this.open(session));
		this.tickets = new TicketsPanel(find, find("#hd-panel-tickets > div"), api, toasts);
		this.calls = new CallsPanel(find, this.#words, api, dialogs, toasts, () => panes.show("approvals"));
	}

	get session() {
		return this.#open?.session_id ?? null;
	}

	get #owns() {
		return this.#open?.status === "agent" && this.#open.agent_id === this.#agent?.agent_id;
	}

	begin(agent) {
		this.#agent = agent;
		this.#reader.begin();
		this.canned.load();
	}

	end() {
		this.#agent = null;
		this.#opening++;
		this.#reader.end();
		this.#close();
	}

	// The connection is there, for the first time or again: all that was missed is asked for.
	async connected() {
		this.#reader.forget();
		if (this.session) await this.#join(this.session);
		this.unsent.resume();
		this.#reader.soon();
	}

	async open(session) {
		const opening = ++this.#opening;
		this.#panes.show("conversation");
		this.queue.select(session);
		let told;
		try {
			told = await this.#api.conversation(session);
		} catch (error) {
			if (opening === this.#opening) this.#toasts.failed(error);
			return;
		}
		if (opening !== this.#opening) return;
		const before = this.session;
		this.#open = told;
		this.transcript.clear();
		this.transcript.customerRead = told.customer_read;
		this.transcript.show(told.messages, { quiet: true });
		for (const thing of this.unsent.of(session, "agent_to_user")) this.transcript.pending(thing);
		this.notes.open(session, told.notes, this.unsent.of(session, "note"));
		this.customer.show(told);
		this.tickets.open(told, told.tickets);
		this.calls.open(session);
		this.#typing.say("");
		this.reply.open(session, told.customer);
		this.#stand();
		this.context.show(told);
		this.#summarise(session);
		this.suggestions.open(session, this.#owns);
		this.transcript.toEnd();
		this.#heading.focus();
		if (before && before !== session && !this.#isMine(before)) this.#reader.leave(before);
		await this.#join(session);
		this.#readMark.seen();
	}

	// What the server tells.
	get hears() {
		return {
			message: (message) => this.#said(message),
			agent_to_user: (message) => this.#said(message),
			conversation: (conversation) => this.#changed(conversation),
			typing: (told) => this.#types(told),
			note: (note) => this.notes.add(note),
			queue: () => this.#reader.soon(),
			bot_to_agent: (told) => this.#waits(told),
			approvals: () => this.calls.soon(),
		};
	}

	#isMine(session) {
		const entry = this.queue.entry(session);
		return entry?.status === "agent" && entry.agent_id === this.#agent?.agent_id;
	}

	async #join(session) {
		if (!this.#live.connected) return;
		this.#reader.watches(session);
		for (;;) {
			let answer;
			try {
				answer = await this.#live.ask("join", { session_id: session, after: this.transcript.complete });
			} catch (error) {
				if (error instanceof Refused) this.#toasts.failed(error);
				return;
			}
			if (session !== this.session) return;
			const before = this.transcript.complete;
			for (const message of answer.messages) this.#said(message);
			this.#changed(answer.conversation);
			// The rest follows as events, or with the next question.
			if (!answer.messages.length || this.transcript.complete >= answer.conversation.last_sequence || this.transcript.complete === before) return;
		}
	}

	#said(message) {
		if (message.session_id !== this.session) return this.#reader.soon();
		this.#open.last_sequence = Math.max(this.#open.last_sequence, message.sequence);
		this.transcript.show([message]);
		if (message.author === "customer") {
			this.#typing.say("");
			this.suggestions.soon();
		}
		if (message.author === "bot") this.#complement();
		this.calls.soon();
		this.#readMark.seen();
		this.#reader.soon();
	}

	// Messages come live without what only agents may know of them.
	async #complement() {
		const session = this.session;
		const told = await this.#api.earlier(session, this.transcript.last + 1).catch(() => null);
		if (told && session === this.session) this.transcript.complement(told.messages);
	}

	#changed(conversation) {
		this.#reader.soon();
		// What an answer tells may be overtaken by an event: every change of the state adds a message.
		if (conversation.session_id !== this.session || conversation.last_sequence < this.#open.last_sequence) return;
		const { status: before, changed } = this.#open;
		this.#open = { ...this.#open, ...conversation };
		this.transcript.read(conversation.customer_read);
		this.#stand();
		this.suggestions.allowed = this.#owns;
		if (changed !== conversation.changed) this.#refresh();
		if (before !== conversation.status && this.#owns) this.reply.focus();
		this.#readMark.seen();
	}

	// Why and what happened may be other than before.
	async #refresh() {
		const session = this.session;
		const told = await this.#api.conversation(session).catch(() => null);
		if (!told || session !== this.session) return;
		// What was told live meanwhile is newer.
		const { status, changed, agent, agent_id, position, customer_read, agent_read } = this.#open;
		this.#open = { ...told, status, changed, agent, agent_id, position, customer_read, agent_read };
		this.context.show(told);
		this.transcript.show(told.messages);
	}

	#stand() {
		this.#heading.show(this.#open, this.#owns);
		this.actions.show(this.#open);
		this.reply.allow(this.#owns);
	}

	#close() {
		this.#open = null;
		this.transcript.clear();
		this.reply.allow(false);
		this.suggestions.open(null, false);
		this.notes.open(null, [], []);
		this.tickets.open(null, []);
		this.calls.open(null);
		this.#heading.clear();
		for (const place of this.#find(".hd-details").querySelectorAll(".hd-panel div")) place.replaceChildren();
		this.#panes.show("queue");
	}

	async #summarise(session) {
		this.context.waiting();
		try {
			const summary = await this.#api.summary(session);
			if (session === this.session) this.context.showSummary(summary);
		} catch (error) {
			if (session === this.session) this.context.failed(error);
		}
	}

	async #loadEarlier() {
		const session = this.session;
		try {
			const told = await this.#api.earlier(session, this.transcript.first);
			if (session === this.session) this.transcript.show(told.messages, { quiet: true });
		} catch (error) {
			this.#toasts.failed(error);
		}
	}

	async #fresh(sequence) {
		try {
			const told = await this.#api.earlier(this.session, sequence + 1);
			return told.messages.find((each) => each.sequence === sequence);
		} catch (error) {
			this.#toasts.failed(error);
			return null;
		}
	}

	#types({ session_id: session, who, name, typing }) {
		if (session !== this.session) return;
		const writer = who === "customer" ? customerName(this.#open) : name || this.#words.authors[who];
		this.#typing.say(typing ? `${writer} is writing…` : "");
	}

	#waits({ session_id: session, context }) {
		this.#reader.soon();
		const why = this.#words.reasons[context?.reason] ?? "A customer waits for a person.";
		this.#toasts.say(`New conversation: ${why}`, { label: "Open", act: () => this.open(session) });
		this.#toasts.ring();
	}

	#taken(thing, answer) {
		if (thing.kind === "note") return this.notes.add(answer.note);
		if (thing.session === this.session && this.transcript.message(answer.sequence)) this.transcript.removePending(thing.id);
	}

	#refused(thing, error) {
		this.#toasts.failed(error);
		if (thing.kind === "note") return this.notes.drop(thing.id);
		this.transcript.removePending(thing.id);
		this.reply.giveBack(thing.session, thing.text);
	}

	#insert(text) {
		if (!this.#owns) return this.#toasts.say("Claim the conversation first; then this can be inserted.");
		this.#panes.show("conversation");
		this.reply.insert(text);
	}

	#reveal(sequence) {
		this.#panes.show("conversation");
		this.transcript.reveal(sequence);
	}
}
