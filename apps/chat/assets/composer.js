// The box to write in.

class Composer {
	#box;
	#returned = null;

	// onSend(message) is called with what the customer has written, under an id of its own.
	constructor(form, onSend) {
		this.#box = form.querySelector("textarea");
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const text = this.#box.value.trim();
			if (text) onSend(this.message(text));
			this.focus();
		});
		this.#box.addEventListener("keydown", (event) => {
			// Enter also ends the choice of a character in some scripts, and then sends nothing.
			if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
			event.preventDefault();
			form.requestSubmit();
		});
		this.#box.addEventListener("input", () => this.#grow());
	}

	// The same text keeps the id it had: should the server have it after all, it is not said twice.
	message(text) {
		const known = this.#returned?.text === text ? this.#returned : null;
		this.#returned = null;
		return known ?? { id: newId(), text, at: Date.now() };
	}

	empty() {
		this.#box.value = "";
		this.#grow();
	}

	// Messages that were not taken, before what has been written since.
	giveBack(messages) {
		this.#returned = messages.length === 1 && !this.#box.value.trim() ? messages[0] : null;
		const texts = [...messages.map((message) => message.text), this.#box.value];
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
