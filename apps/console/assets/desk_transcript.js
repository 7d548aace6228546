// The open conversation: messages by their sequence, below them what is not yet stored.

// Links of attachments are good for 15 minutes.
const LINKS_GOOD_FOR = 12 * 60_000;

class DeskTranscript {
	#log;
	#words;
	#needs;
	#messages = new Map();
	#earlier;
	#atEnd = true;
	customerRead = 0;

	// needs: `earlier()`, `lineage(answer)`, `fresh(sequence)` (the message anew), `seen()` (the end is in sight).
	constructor(log, words, needs) {
		this.#log = log;
		this.#words = words;
		this.#needs = needs;
		this.#earlier = button("Load earlier messages", () => needs.earlier(), { classes: ".hd-earlier" });
		log.addEventListener("scroll", () => {
			this.#atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 64;
			if (this.#atEnd) needs.seen();
		});
		new ResizeObserver(() => this.#atEnd && this.toEnd()).observe(log);
		log.addEventListener("click", (event) => this.#clicked(event));
	}

	// The first and the last sequence that are shown.
	get first() {
		return Math.min(...this.#messages.keys());
	}

	get last() {
		return this.#messages.size ? Math.max(...this.#messages.keys()) : 0;
	}

	// Every message up to this one is here.
	get complete() {
		let at = this.first;
		if (!Number.isFinite(at)) return 0;
		while (this.#messages.has(at + 1)) at++;
		return at;
	}

	get isAtEnd() {
		return this.#atEnd && this.#log.clientHeight > 0;
	}

	lastOf(author) {
		return Math.max(0, ...[...this.#messages.values()].filter((each) => each.author === author).map((each) => each.sequence));
	}

	message(sequence) {
		return this.#messages.get(sequence);
	}

	clear() {
		this.#messages.clear();
		this.#log.replaceChildren();
		this.#atEnd = true;
	}

	// Stored messages, as the server has rendered them. quiet: nobody need be told of them.
	show(messages, { quiet = false } = {}) {
		const news = messages.filter((message) => !this.#messages.has(message.sequence));
		if (!news.length) return;
		const below = this.#log.scrollHeight - this.#log.scrollTop;
		const before = news.at(-1).sequence < this.last;
		if (quiet) this.#log.setAttribute("aria-live", "off");
		for (const message of news) this.#insert(message);
		this.#tidy();
		if (before) this.#log.scrollTop = this.#log.scrollHeight - below;
		else if (this.#atEnd || news.some((each) => each.author === "agent")) this.toEnd();
		if (quiet) setTimeout(() => this.#log.setAttribute("aria-live", "polite"), 500);
	}

	// What came with lineage, in place of what came live without it.
	complement(messages) {
		for (const message of messages) {
			const known = this.#messages.get(message.sequence);
			if (!known || known.lineage) continue;
			known.lineage = message.lineage;
			const why = lineageOf(message, this.#needs.lineage);
			if (why && message.author === "bot") this.#frameOf(message.sequence).append(why);
		}
	}

	pending(thing) {
		if (this.#pendingFrame(thing.id)) return;
		const frame = this.#frame({ author: "agent", speaker: "You" }, thing.at);
		frame.dataset.client = thing.id;
		frame.classList.add("hd-unstored");
		const text = make("div.hd-bubble", { dir: "auto" }, thing.text);
		frame.append(text, this.#files(thing.attachments ?? []), make("p.hd-state", {}, "Sending…"));
		this.#log.append(frame);
		this.toEnd();
	}

	removePending(id) {
		if (id) this.#pendingFrame(id)?.remove();
	}

	read(sequence) {
		this.customerRead = Math.max(this.customerRead, sequence);
		this.#tidy();
	}

	toEnd() {
		this.#atEnd = true;
		this.#log.scrollTop = this.#log.scrollHeight;
	}

	reveal(sequence) {
		const frame = this.#frameOf(sequence);
		if (!frame) return;
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		frame.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
		frame.classList.add("hd-pointed-at");
		setTimeout(() => frame.classList.remove("hd-pointed-at"), 2_000);
	}

	#insert(message) {
		if (message.author === "agent") this.removePending(message.client_message_id);
		this.#messages.set(message.sequence, { ...message, shownAt: Date.now() });
		const frame = this.#frame(message, message.created_at);
		frame.dataset.sequence = message.sequence;
		frame.append(message.html ? safe(message.html) : make("div.hd-bubble", { dir: "auto" }, message.text));
		const files = (message.attachments ?? []).filter((each) => !frame.querySelector(`[href="${CSS.escape(each.url ?? "")}"]`));
		if (files.length) frame.append(this.#files(files));
		for (const choice of frame.querySelectorAll(".hd-choices, .hd-feedback")) choice.remove();
		if (message.buttons?.length) frame.append(make("p.hd-offered", {}, `Offered: ${message.buttons.join(" · ")}`));
		if (message.author === "bot" && message.lineage) {
			const why = lineageOf(message, this.#needs.lineage);
			if (why) frame.append(why);
		}
		if (message.author === "agent") frame.append(make("p.hd-state"));
		const later = [...this.#log.children].find((other) => Number(other.dataset.sequence) > message.sequence);
		this.#log.insertBefore(frame, later ?? this.#log.querySelector(":scope > .hd-unstored"));
	}

	#frame({ author, speaker }, at) {
		const frame = make("article.hd-message", { "data-author": author, "data-day": dayOf(at) });
		// What one has just written oneself need not be read out.
		if (author === "agent") frame.setAttribute("aria-live", "off");
		const name = speaker ?? this.#words.authors[author];
		frame.append(make("p.hd-author", {}, make("span", { dir: "auto" }, name), " ", make("time", { datetime: new Date(at).toISOString() }, timeOf(at))));
		return frame;
	}

	#files(files) {
		if (!files.length) return "";
		return make(
			"ul.hd-files",
			{ "aria-label": "Files" },
			files.map((file) => {
				const label = `${file.name} (${sizeOf(file.size)})`;
				const link = file.url && make("a", { href: root(file.url).href, target: "_blank", rel: "noopener", download: file.name }, label);
				return make("li", {}, link || label);
			}),
		);
	}

	async #clicked(event) {
		const number = event.target.closest("a.hd-number");
		if (number) {
			event.preventDefault();
			const source = this.#log.querySelector("#" + CSS.escape(number.hash.slice(1)));
			source.open = true;
			source.querySelector("summary").focus({ preventScroll: true });
			return source.scrollIntoView({ block: "nearest" });
		}
		const file = event.target.closest(".hd-files a, a.hd-file");
		const frame = file?.closest(".hd-message");
		const message = frame && this.#messages.get(Number(frame.dataset.sequence));
		if (!message || Date.now() - message.shownAt < LINKS_GOOD_FOR) return;
		event.preventDefault();
		const at = [...frame.querySelectorAll(".hd-files a, a.hd-file")].indexOf(file);
		const fresh = await this.#needs.fresh(message.sequence);
		message.shownAt = Date.now();
		[...frame.querySelectorAll(".hd-files a, a.hd-file")].forEach((link, index) => {
			if (fresh?.attachments[index]) link.href = root(fresh.attachments[index].url).href;
		});
		if (fresh) frame.querySelectorAll(".hd-files a, a.hd-file")[at].click();
	}

	// Days, how far the customer has read, and whether there is more before.
	#tidy() {
		for (const line of this.#log.querySelectorAll(".hd-day")) line.remove();
		let day = null;
		for (const frame of this.#log.querySelectorAll(".hd-message")) {
			if (frame.dataset.day !== day) frame.before(make("p.hd-day", { role: "separator", "aria-label": frame.dataset.day }, make("span", {}, frame.dataset.day)));
			day = frame.dataset.day;
		}
		const mine = [...this.#log.querySelectorAll('[data-author="agent"][data-sequence]')];
		const read = mine.filter((frame) => Number(frame.dataset.sequence) <= this.customerRead).at(-1);
		for (const frame of mine) {
			frame.querySelector(".hd-state").textContent = frame === read ? "Read" : frame === mine.at(-1) && frame !== read ? "Sent" : "";
		}
		if (this.#messages.size && this.first > 1) this.#log.prepend(this.#earlier);
		else this.#earlier.remove();
	}

	#frameOf(sequence) {
		return this.#log.querySelector(`[data-sequence="${Number(sequence)}"]`);
	}

	#pendingFrame(id) {
		return this.#log.querySelector(`[data-client="${CSS.escape(id)}"]`);
	}
}
