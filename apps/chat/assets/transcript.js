// What stands in the conversation's log: messages by their sequence, below them what is not yet stored.

const AGENT_TYPES_FOR = 8_000;

class Transcript {
	#log;
	#facts;
	#memory;
	#renewed;
	#typingEnds;
	#atEnd = true;
	// Sequences, and the browser's own ids, of what is shown.
	#shown = new Set();
	#stored = new Set();
	// Every message up to this sequence is shown.
	last = 0;

	// renewed(sequence): the files of a message, with new links.
	constructor(log, facts, memory, renewed) {
		this.#log = log;
		this.#facts = facts;
		this.#memory = memory;
		this.#renewed = renewed;
		this.clear();
		// Who reads the end goes on reading it when a word above the box, or a phone's keyboard, takes room.
		let height = log.clientHeight;
		log.addEventListener("scroll", () => {
			// Said before the observer has had its turn, it would be of another height.
			if (height === log.clientHeight) this.#atEnd = log.scrollHeight - log.scrollTop - height < 64;
		});
		new ResizeObserver(() => {
			height = log.clientHeight;
			if (this.#atEnd) this.#toEnd();
		}).observe(log);
		// A picture takes its room once it is there.
		log.addEventListener("load", () => this.#atEnd && this.#toEnd(), true);
	}

	clear() {
		this.#log.replaceChildren();
		this.#shown.clear();
		this.#stored.clear();
		this.last = 0;
		const welcome = this.#frame("bot");
		welcome.classList.add("hd-welcome");
		welcome.append(document.querySelector("#hd-greeting").content.cloneNode(true));
		this.#log.append(welcome);
	}

	// Whether the server has the message of this id.
	isStored(id) {
		return this.#stored.has(id);
	}

	// The name of the agent who wrote last; null where none has.
	get lastAgent() {
		return [...this.#log.querySelectorAll('[data-author="agent"][data-sequence]')].at(-1)?.dataset.speaker ?? null;
	}

	// Stored messages, as the server has rendered them; those that are shown already stay as they are.
	show(messages) {
		const news = messages.filter((message) => !this.#shown.has(message.sequence));
		if (!news.length) return;
		const first = this.#shown.size === 0;
		const frames = news.map((message) => this.#insert(message));
		while (this.#shown.has(this.last + 1)) this.last++;
		this.#tidy();
		this.#reveal(first ? frames.at(-1) : frames[0], frames.at(-1));
	}

	// A customer's message that is on its way.
	pending(message) {
		if (this.isStored(message.id) || this.#pendingFrame(message.id)) return;
		const frame = this.#unstored("customer");
		frame.dataset.client = message.id;
		frame.append(bubble(message.text));
		this.#attach(frame, message.text, message.files);
		this.#log.insertBefore(frame, this.#log.querySelector(":scope > :is(.hd-provisional, .hd-agent-types)"));
		this.#tidy();
		this.#reveal(frame);
	}

	removePending(id) {
		if (id) this.#pendingFrame(id)?.remove();
	}

	// Somebody is writing an answer, of which nothing is there yet.
	typing() {
		if (this.#log.querySelector(".hd-provisional")) return;
		this.#provisional("typing").querySelector(".hd-bubble").append(dots(this.#facts.words.typing));
	}

	// An agent of this name is writing; null: nobody is.
	agentTypes(name) {
		clearTimeout(this.#typingEnds);
		const known = this.#log.querySelector(".hd-agent-types");
		if (name === null) return known?.remove();
		// Who goes on is told anew every few seconds, and who was cut off says nothing.
		this.#typingEnds = setTimeout(() => this.agentTypes(null), AGENT_TYPES_FOR);
		if (known?.dataset.speaker === name) return;
		known?.remove();
		const frame = this.#unstored("agent", name);
		frame.classList.add("hd-agent-types");
		frame.append(bubble(""));
		frame.querySelector(".hd-bubble").append(dots(this.#facts.words.agent_types.replace("{agent}", () => name)));
		this.#log.append(frame);
		if (this.#atEnd) this.#reveal(frame);
	}

	// A further piece of the reply of this number. It may say anything, and is text.
	delta(reply, text) {
		this.#log.querySelector('.hd-provisional[data-reply="typing"]')?.remove();
		const known = this.#log.querySelector(`.hd-provisional[data-reply="${Number(reply)}"]`);
		const frame = known ?? this.#provisional(Number(reply));
		frame.querySelector(".hd-bubble").append(text);
		this.#reveal(frame);
	}

	dropProvisional() {
		for (const frame of this.#log.querySelectorAll(".hd-provisional")) frame.remove();
	}

	// The page's own word, until the next message.
	notice(text) {
		this.dropNotices();
		const frame = this.#frame("system");
		frame.classList.add("hd-notice");
		frame.append(bubble(text));
		this.#log.append(frame);
		this.#reveal(frame);
	}

	dropNotices() {
		for (const frame of this.#log.querySelectorAll(".hd-notice")) frame.remove();
	}

	// The thumbs of one answer. said: the words behind them.
	rated(answer, rating, said) {
		const thumbs = this.#log.querySelector(`.hd-feedback[data-answer="${CSS.escape(answer)}"]`);
		if (!thumbs) return;
		for (const thumb of thumbs.querySelectorAll(".hd-thumb")) {
			thumb.setAttribute("aria-pressed", String(Number(thumb.dataset.rating) === rating));
		}
		thumbs.querySelector("span").textContent = said;
	}

	#insert(message) {
		this.removePending(message.client_message_id);
		this.#shown.add(message.sequence);
		this.#stored.add(message.client_message_id);
		const frame = this.#frame(message.author, message.speaker);
		frame.dataset.sequence = message.sequence;
		frame.append(safe(message.html));
		this.#attach(frame, message.text, message.attachments, () => this.#renewed(message.sequence));
		const later = [...this.#log.children].find((other) => Number(other.dataset.sequence) > message.sequence);
		this.#log.insertBefore(frame, later ?? this.#log.querySelector(":scope > .hd-unstored"));
		const rating = this.#memory.rating(message.answer_id);
		if (rating) this.rated(message.answer_id, rating, this.#facts.words.rated);
		return frame;
	}

	// files: below the bubble, or in its place where the text does but name them.
	#attach(frame, text, files, renew) {
		if (!files?.length) return;
		const { list } = new MessageFiles(files, this.#facts.words.files, renew);
		const box = frame.querySelector(".hd-bubble");
		if (text === namesOf(files)) box.replaceWith(list);
		else box.after(list);
	}

	// speaker: the name of an agent.
	#frame(author, speaker) {
		const frame = document.createElement("article");
		frame.className = "hd-message";
		frame.dataset.author = author;
		// What one has just written oneself need not be read out.
		if (author === "customer") frame.setAttribute("aria-live", "off");
		const label = document.createElement("p");
		label.className = "hd-author";
		label.textContent = speaker ?? this.#facts.words[author];
		if (author === "agent") frame.dataset.speaker = label.textContent;
		frame.append(label);
		return frame;
	}

	#unstored(author, speaker) {
		const frame = this.#frame(author, speaker);
		frame.classList.add("hd-unstored");
		return frame;
	}

	#provisional(reply) {
		const frame = this.#unstored("bot");
		frame.classList.add("hd-provisional");
		frame.dataset.reply = reply;
		// Only the finished message is read out.
		frame.setAttribute("aria-live", "off");
		frame.setAttribute("aria-busy", "true");
		frame.append(bubble(""));
		this.#log.append(frame);
		this.#reveal(frame);
		return frame;
	}

	#toEnd() {
		this.#log.scrollTo(0, this.#log.scrollHeight);
	}

	#pendingFrame(id) {
		return this.#log.querySelector(`[data-client="${CSS.escape(id)}"]`);
	}

	// The session's opening message takes the place of the page's; only the last message's choices are open.
	#tidy() {
		const frames = [...this.#log.querySelectorAll(".hd-message:not(.hd-provisional, .hd-agent-types, .hd-notice, .hd-welcome)")];
		this.#log.querySelector(".hd-welcome")?.toggleAttribute("hidden", frames[0]?.dataset.author === "bot");
		frames.forEach((frame, at) => {
			const { speaker } = frame.dataset;
			frame.classList.toggle("hd-same", speaker !== undefined && speaker === frames[at - 1]?.dataset.speaker);
		});
		for (const choice of this.#log.querySelectorAll(".hd-message[data-sequence] .hd-choice")) {
			choice.disabled = choice.closest(".hd-message") !== frames.at(-1);
		}
	}

	// The end of `last`, unless that hides the beginning of `first`.
	#reveal(first, last = first) {
		const height = last.getBoundingClientRect().bottom - first.getBoundingClientRect().top;
		if (height > this.#log.clientHeight) first.scrollIntoView({ block: "start" });
		else last.scrollIntoView({ block: "end" });
	}
}

function bubble(text) {
	const box = document.createElement("div");
	box.className = "hd-bubble";
	box.dir = "auto";
	box.textContent = text;
	return box;
}

function dots(label) {
	return make("p.hd-typing", { role: "status", "aria-label": label }, [1, 2, 3].map(() => make("i")));
}
