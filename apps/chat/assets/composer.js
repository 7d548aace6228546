// The box to write in.

class Composer {
	#box;
	#tray;
	#returned = null;

	// onSend(message) is called with what the customer has written, under an id of its own; onTyping(yes) while they
	// write. words: `still_uploading`.
	constructor(form, tray, words, { onSend, onTyping }) {
		this.#box = form.querySelector("textarea");
		this.#tray = tray;
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			this.focus();
			if (tray.isBusy) return tray.say(words.still_uploading);
			const { files } = tray;
			const text = this.#box.value.trim() || namesOf(files);
			if (text) onSend(this.message(text, files));
		});
		this.#box.addEventListener("keydown", (event) => {
			// Enter also ends the choice of a character in some scripts, and then sends nothing.
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			form.requestSubmit();
		});
		this.#box.addEventListener("input", () => {
			this.#grow();
			onTyping(Boolean(this.#box.value.trim()));
		});
	}

	// The same text and files keep the id they had: should the server have them after all, it is not said twice.
	message(text, files = []) {
		const ids = (some = []) => some.map((file) => file.attachment_id).join();
		const known = this.#returned?.text === text && ids(this.#returned.files) === ids(files) ? this.#returned : null;
		this.#returned = null;
		return known ?? { id: newId(), text, files, at: Date.now() };
	}

	empty() {
		this.#box.value = "";
		this.#tray.empty();
		this.#grow();
	}

	// They are of a conversation that is no longer shown.
	dropFiles() {
		this.#tray.empty();
	}

	// Messages that were not taken, before what has been written since.
	giveBack(messages) {
		this.#returned = messages.length === 1 && !this.#box.value.trim() ? messages[0] : null;
		const files = messages.flatMap((message) => message.files ?? []);
		this.#tray.putBack(files);
		const written = messages.map(({ text, files: own = [] }) => (text === namesOf(own) ? "" : text));
		const texts = [...written, this.#box.value];
		this.#box.value = texts.filter((text) => text.trim()).join("\n");
		this.#grow();
	}

	focus() {
		// Not on a phone, where it would open the keyboard over what there is to read.
		if (matchMedia("(pointer: fine)").matches) this.#box.focus({ preventScroll: true });
	}

	#grow() {
		this.#box.style.height = "auto";
		this.#box.style.height = `${this.#box.scrollHeight}px`;
	}
}
