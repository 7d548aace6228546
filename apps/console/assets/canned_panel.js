// Texts to insert: listed, and looked after.

class CannedPanel {
	#find;
	#api;
	#dialogs;
	#toasts;
	#facts;
	#needs;

	// needs: `insert(answer)`, `changed(answers)`.
	constructor(find, api, dialogs, toasts, facts, needs) {
		this.#find = find;
		this.#api = api;
		this.#dialogs = dialogs;
		this.#toasts = toasts;
		this.#facts = facts;
		this.#needs = needs;
		find(".hd-new-canned").addEventListener("click", () => this.#edit(null));
	}

	async load() {
		try {
			const { canned_answers: answers } = await this.#api.cannedAnswers();
			this.#needs.changed(answers);
			this.#show(answers);
		} catch (error) {
			this.#find(".hd-canned > div").replaceChildren(make("p.hd-muted", {}, wordsOf(error)));
		}
	}

	#show(answers) {
		const items = answers.map((answer) =>
			make(
				"li",
				{},
				button([make("b", {}, `/${answer.name}`), " ", make("span", { dir: "auto" }, answer.text)], () => this.#needs.insert(answer), { classes: ".hd-quiet.hd-canned-insert" }),
				button("Edit", () => this.#edit(answer), { classes: ".hd-quiet", "aria-label": `Edit ${answer.name}` }),
			),
		);
		this.#find(".hd-canned > div").replaceChildren(items.length ? make("ul", {}, items) : make("p.hd-muted", {}, "There are none yet. In the reply, / lists them."));
	}

	async #edit(answer) {
		const { pressed, name, text } = await this.#dialogs.cannedAnswer(answer, this.#facts.placeholders);
		try {
			if (pressed === "yes") await this.#api.putCannedAnswer(name, text);
			else if (pressed === "delete") await this.#api.deleteCannedAnswer(name);
			else return;
			await this.load();
		} catch (error) {
			this.#toasts.failed(error);
		}
	}
}
