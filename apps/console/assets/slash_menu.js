// Canned answers to choose from while one writes: a list below a slash.

class SlashMenu {
	#box;
	#list;
	#answers = [];
	#found = [];
	#chosen = 0;
	#onChoose;

	// onChoose(answer, from): in place of what stands in the box from this character to the caret.
	constructor(box, list, onChoose) {
		this.#box = box;
		this.#list = list;
		this.#onChoose = onChoose;
		box.addEventListener("input", () => this.#look());
		// A choice by mouse or finger does not come here: see mousedown.
		box.addEventListener("blur", () => this.close());
		list.addEventListener("mousedown", (event) => {
			event.preventDefault();
			const option = event.target.closest("[role=option]");
			if (option) this.#take(Number(option.dataset.at));
		});
	}

	set answers(answers) {
		this.#answers = answers;
	}

	get isOpen() {
		return !this.#list.hidden;
	}

	// Whether the key was the list's.
	pressed(event) {
		if (!this.isOpen) return false;
		const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
		if (step) this.#point((this.#chosen + step + this.#found.length) % this.#found.length);
		else if (event.key === "Enter" || event.key === "Tab") this.#take(this.#chosen);
		else if (event.key === "Escape") this.close();
		else return false;
		event.preventDefault();
		event.stopPropagation();
		return true;
	}

	close() {
		this.#list.hidden = true;
		this.#box.setAttribute("aria-expanded", "false");
		this.#box.removeAttribute("aria-activedescendant");
	}

	get #typed() {
		return /(?:^|\s)\/([a-z0-9_-]*)$/i.exec(this.#box.value.slice(0, this.#box.selectionStart));
	}

	#look() {
		const typed = this.#typed;
		const wanted = typed?.[1].toLowerCase();
		this.#found = typed ? this.#answers.filter((each) => each.name.includes(wanted)).slice(0, 8) : [];
		if (!this.#found.length) return this.close();
		this.#list.replaceChildren(
			...this.#found.map((answer, at) =>
				make("li", { role: "option", id: `hd-slash-${at}`, "data-at": at, dir: "auto" }, make("b", {}, `/${answer.name}`), " ", answer.text),
			),
		);
		this.#list.hidden = false;
		this.#box.setAttribute("aria-expanded", "true");
		this.#point(0);
	}

	#point(at) {
		this.#chosen = at;
		[...this.#list.children].forEach((option, index) => option.setAttribute("aria-selected", String(index === at)));
		this.#list.children[at].scrollIntoView({ block: "nearest" });
		this.#box.setAttribute("aria-activedescendant", `hd-slash-${at}`);
	}

	#take(at) {
		const typed = this.#typed;
		this.close();
		if (typed) this.#onChoose(this.#found[at], this.#box.selectionStart - typed[1].length - 1);
	}
}
