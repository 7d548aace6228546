// The files that go with the next message: each is uploaded as soon as it is chosen.

class AttachTray {
	#list;
	#hint;
	#facts;
	#upload;
	#entries = [];

	// upload(file, onProgress): gives what the server keeps of it. onProgress(share) hears how far it is.
	constructor(foot, facts, upload) {
		this.#list = foot.querySelector(".hd-attached");
		this.#hint = foot.querySelector(".hd-hint");
		this.#facts = facts;
		this.#upload = upload;
		const input = foot.querySelector("input[type=file]");
		foot.querySelector(".hd-attach").addEventListener("click", () => input.click());
		input.addEventListener("change", () => {
			this.addAll(input.files);
			input.value = "";
		});
		foot.querySelector("textarea").addEventListener("paste", (event) => {
			if (!event.clipboardData?.files.length) return;
			event.preventDefault();
			this.addAll(event.clipboardData.files);
		});
		this.#takeDropped();
	}

	get isBusy() {
		return this.#entries.some((entry) => !entry.kept);
	}

	// What goes with a message.
	get files() {
		return this.#entries.map((entry) => entry.kept);
	}

	addAll(files) {
		this.say("");
		for (const file of files) this.#add(file);
	}

	// Files that are uploaded already.
	putBack(files) {
		this.#entries.unshift(...files.map((kept) => ({ name: kept.name, size: kept.size, kept })));
		this.#show();
	}

	empty() {
		for (const entry of this.#entries) entry.stop?.abort();
		this.#entries = [];
		this.say("");
		this.#show();
	}

	// About the files; "" takes it away.
	say(text) {
		this.#hint.textContent = text;
	}

	async #add(file) {
		const { most_files: most, largest, words } = this.#facts;
		if (this.#entries.length >= most) return this.say(words.too_many_files.replace("{limit}", most));
		if (file.size > largest) return this.say(`${file.name}: ${this.#facts.refusals.content_too_large}`);
		const entry = { name: file.name, size: file.size, share: 0, stop: new AbortController() };
		this.#entries.push(entry);
		this.#show();
		try {
			entry.kept = await this.#upload(file, (share) => this.#progress(entry, share), entry.stop.signal);
		} catch (error) {
			if (this.#drop(entry)) this.say(`${file.name}: ${this.#facts.refusals[error.code] ?? this.#facts.refusals.default}`);
		}
		this.#show();
	}

	#drop(entry) {
		const known = this.#entries.includes(entry);
		this.#entries = this.#entries.filter((each) => each !== entry);
		return known;
	}

	#progress(entry, share) {
		entry.share = share;
		if (entry.bar) entry.bar.value = share;
	}

	#show() {
		this.#list.replaceChildren(...this.#entries.map((entry) => this.#item(entry)));
	}

	#item(entry) {
		const { name, size, kept } = entry;
		entry.bar = kept ? null : make("progress", { max: 1, value: entry.share, "aria-label": `${this.#facts.words.uploading} ${name}` });
		const picture = kept?.media_type.startsWith("image/") ? make("img", { src: root(kept.url).href, alt: "" }) : null;
		const remove = button("×", () => {
			entry.stop?.abort();
			this.#drop(entry);
			this.#show();
		}, { "aria-label": `${this.#facts.words.remove_file} ${name}` });
		return make("li", {}, picture, make("span.hd-file", {}, make("bdi", {}, name), ` (${sizeOf(size)})`), entry.bar, remove);
	}

	#takeDropped() {
		const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
		const marked = (yes) => document.documentElement.classList.toggle("hd-dropping", yes);
		addEventListener("dragover", (event) => {
			if (!holdsFiles(event)) return;
			event.preventDefault();
			marked(true);
		});
		addEventListener("dragleave", (event) => event.relatedTarget === null && marked(false));
		addEventListener("drop", (event) => {
			marked(false);
			if (!holdsFiles(event)) return;
			event.preventDefault();
			this.addAll(event.dataTransfer.files);
		});
	}
}
