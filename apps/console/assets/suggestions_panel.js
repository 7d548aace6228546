// What the knowledge says to the customer's last questions, to be inserted and edited.

const ASKED_AGAIN_AFTER = 1_200;

class SuggestionsPanel {
	#find;
	#api;
	#onInsert;
	#session = null;
	#timer;
	#asked = 0;
	#first = null;

	constructor(find, api, onInsert) {
		this.#find = find;
		this.#api = api;
		this.#onInsert = onInsert;
		find(".hd-suggestions .hd-again").addEventListener("click", () => this.ask());
	}

	// allowed: whether what is inserted could be sent.
	open(session, allowed) {
		this.allowed = allowed;
		if (session === this.#session) return;
		this.#session = session;
		this.#first = null;
		this.ask();
	}

	// The customer has written more.
	soon() {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => this.ask(), ASKED_AGAIN_AFTER);
	}

	insertFirst() {
		if (this.#first && this.allowed) this.#onInsert(this.#first);
	}

	async ask() {
		const session = this.#session;
		const asked = ++this.#asked;
		if (!session) return;
		const place = this.#find(".hd-suggestions > div");
		place.setAttribute("aria-busy", "true");
		if (!place.children.length) place.replaceChildren(make("p.hd-muted", {}, "…"));
		let shown;
		try {
			shown = this.#shown(await this.#api.suggestions(session));
		} catch (error) {
			shown = [make("p.hd-muted", {}, wordsOf(error))];
		}
		if (session !== this.#session || asked !== this.#asked) return;
		place.removeAttribute("aria-busy");
		place.replaceChildren(...shown);
	}

	#shown({ state, asked, suggestions }) {
		this.#first = suggestions[0]?.insert ?? null;
		const said = {
			nothing: "The knowledge has nothing on this.",
			no_question: "The customer has not asked anything yet.",
			unavailable: "The knowledge cannot be asked at the moment.",
		}[state];
		if (said) return [make("p.hd-muted", {}, said), ...asked.map((question) => make("p.hd-question", { dir: "auto" }, question))];
		return suggestions.map((suggestion) => {
			const card = make("article.hd-suggestion.hd-log", {}, make("p.hd-question", { dir: "auto" }, suggestion.question), safe(suggestion.html));
			card.append(
				make(
					"div.hd-choose",
					{},
					make("span.hd-muted", {}, `Evidence ${percent(suggestion.confidence)}`),
					button("Insert", () => this.#onInsert(suggestion.insert), { classes: ".hd-primary" }),
				),
			);
			card.addEventListener("click", (event) => {
				const number = event.target.closest("a.hd-number");
				if (!number) return;
				event.preventDefault();
				card.querySelector("#" + CSS.escape(number.hash.slice(1))).open = true;
			});
			return card;
		});
	}
}
