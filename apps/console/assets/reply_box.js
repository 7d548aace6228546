// The box that agents write in: a draft for each conversation, files, canned answers.

const TYPING_TOLD_EVERY = 3_000;
const TYPING_OVER_AFTER = 5_000;
const MOST_FILES = 10;

class ReplyBox {
	#form;
	#box;
	#facts;
	#needs;
	#session = null;
	#customer = {};
	#files = [];
	#toldTyping = 0;
	#idle;
	menu;

	// needs: `send(text, files)`, `typing(yes)`, `upload(file)`, `draft(session)`, `keepDraft(session, text)`, `values()`.
	constructor(form, facts, needs) {
		this.#form = form;
		this.#facts = facts;
		this.#needs = needs;
		this.#box = form.querySelector("textarea");
		this.menu = new SlashMenu(this.#box, form.querySelector(".hd-slash"), (answer, from) => this.#replace(from, this.#filled(answer.text)));
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.#send();
		});
		this.#box.addEventListener("keydown", (event) => {
			if (this.menu.pressed(event)) return;
			// Enter also ends the choice of a character in some scripts, and then sends nothing.
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			form.requestSubmit();
		});
		this.#box.addEventListener("input", () => this.#changed());
		this.#box.addEventListener("blur", () => this.#stopTyping());
		const input = form.querySelector("input[type=file]");
		form.querySelector(".hd-attach").addEventListener("click", () => input.click());
		input.addEventListener("change", () => {
			for (const file of input.files) this.#attach(file);
			input.value = "";
		});
		this.#box.addEventListener("paste", (event) => {
			const files = [...(event.clipboardData?.files ?? [])];
			if (!files.length) return;
			event.preventDefault();
			for (const file of files) this.#attach(file);
		});
	}

	// customer: for placeholders.
	open(session, customer) {
		if (session !== this.#session) {
			this.#stopTyping();
			this.#files = [];
			this.#session = session;
			this.#box.value = this.#needs.draft(session);
		}
		this.#customer = customer ?? {};
		this.#hint("");
		this.#grow();
		this.#showFiles();
	}

	allow(yes) {
		this.#form.hidden = !yes;
		if (yes) this.#grow();
	}

	focus() {
		if (this.#form.hidden) return;
		this.#box.focus();
	}

	insert(text) {
		const before = this.#box.value.slice(0, this.#box.selectionStart);
		this.#replace(this.#box.selectionStart, before && !/\s$/.test(before) ? ` ${text}` : text);
	}

	insertCanned(answer) {
		this.insert(this.#filled(answer.text));
	}

	// What was not taken, before what has been written since.
	giveBack(session, text) {
		if (session !== this.#session) return this.#needs.keepDraft(session, [text, this.#needs.draft(session)].filter(Boolean).join("\n"));
		this.#box.value = [text, this.#box.value].filter((each) => each.trim()).join("\n");
		this.#changed();
	}

	#send() {
		const text = this.#box.value.trim();
		if (!text || !this.#session) return;
		const left = this.#placeholders(text)[0];
		if (left) return this.#select(left, `Fill in ${left} before you send this.`);
		const length = [...text].length;
		if (length > this.#facts.longest) return this.#hint(`This has ${length} characters: ${this.#facts.longest} are allowed.`);
		if (this.#files.some((file) => !file.attachment_id)) return this.#hint("A file is still on its way.");
		const files = this.#files.map(({ attachment_id, name, size }) => ({ attachment_id, name, size }));
		this.#files = [];
		this.#box.value = "";
		this.#hint("");
		this.#changed();
		this.#stopTyping();
		this.#showFiles();
		this.#needs.send(text, files);
	}

	#changed() {
		this.#grow();
		if (!this.#session) return;
		this.#needs.keepDraft(this.#session, this.#box.value);
		if (!this.#box.value.trim()) return this.#stopTyping();
		if (Date.now() - this.#toldTyping > TYPING_TOLD_EVERY) {
			this.#toldTyping = Date.now();
			this.#needs.typing(true);
		}
		clearTimeout(this.#idle);
		this.#idle = setTimeout(() => this.#stopTyping(), TYPING_OVER_AFTER);
	}

	#stopTyping() {
		clearTimeout(this.#idle);
		if (!this.#toldTyping) return;
		this.#toldTyping = 0;
		if (this.#session) this.#needs.typing(false);
	}

	async #attach(file) {
		if (this.#files.length >= MOST_FILES) return this.#hint(`A message carries ${MOST_FILES} files at most.`);
		const session = this.#session;
		const entry = { name: file.name, size: file.size };
		this.#files.push(entry);
		this.#showFiles();
		try {
			Object.assign(entry, await this.#needs.upload(file));
		} catch (error) {
			this.#files = this.#files.filter((each) => each !== entry);
			if (session === this.#session) this.#hint(`${file.name}: ${wordsOf(error)}`);
		}
		this.#showFiles();
	}

	#showFiles() {
		this.#form.querySelector(".hd-attached").replaceChildren(
			...this.#files.map((file) => {
				const drop = button("×", () => {
					this.#files = this.#files.filter((each) => each !== file);
					this.#showFiles();
				}, { classes: ".hd-quiet", "aria-label": `Remove ${file.name}` });
				return make("li", {}, `${file.name} (${sizeOf(file.size)})${file.attachment_id ? "" : " …"}`, drop);
			}),
		);
	}

	#filled(text) {
		const values = { ...this.#needs.values(), "customer.name": this.#customer.name ?? "" };
		return text.replace(PLACEHOLDER, (whole, name) => values[name] || whole);
	}

	#placeholders(text) {
		return [...text.matchAll(PLACEHOLDER)].filter(([, name]) => this.#facts.placeholders.includes(name)).map(([whole]) => whole);
	}

	#replace(from, text) {
		const { value, selectionStart: to } = this.#box;
		this.#box.value = value.slice(0, from) + text + value.slice(to);
		this.#box.focus();
		this.#box.setSelectionRange(from + text.length, from + text.length);
		this.#changed();
		const left = this.#placeholders(text)[0];
		if (left) this.#select(left, `${left} is not known: fill it in.`);
	}

	#select(part, hint) {
		const at = this.#box.value.indexOf(part);
		this.#box.focus();
		this.#box.setSelectionRange(at, at + part.length);
		this.#hint(hint);
	}

	#hint(text) {
		this.#form.querySelector(".hd-hint").textContent = text;
	}

	#grow() {
		this.#box.style.height = "auto";
		this.#box.style.height = `${this.#box.scrollHeight}px`;
	}
}

const PLACEHOLDER = /\{\{\s*([a-z.]+)\s*\}\}/g;
