// Single keys, outside of text fields, for those who want them.

class Shortcuts {
	#memory;
	#dialog;
	#dialogs;
	#keys;

	// keys: {key: [what it does, act]}
	constructor(dialog, dialogs, memory, keys) {
		this.#dialog = dialog;
		this.#dialogs = dialogs;
		this.#memory = memory;
		this.#keys = { ...keys, "?": ["These shortcuts", () => this.show()] };
		const rows = [...Object.entries(this.#keys).map(([key, [what]]) => [key, what]), ["Enter", "Send"], ["Shift + Enter", "New line"], ["/", "Canned answers, in the reply"], ["Esc", "Leave a text field"]];
		dialog.querySelector("dl").replaceChildren(...rows.flatMap(([key, what]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, what)]));
		const choice = dialog.querySelector("[name=keys]");
		choice.checked = memory.choice("keys", true);
		choice.addEventListener("change", () => memory.choose("keys", choice.checked));
		document.addEventListener("keydown", (event) => this.#pressed(event));
	}

	show() {
		if (!this.#dialogs.isOpen) this.#dialog.showModal();
	}

	#pressed(event) {
		const field = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
		// For a moment the focus stays in a dialog that has just been closed.
		if (field?.checkVisibility()) {
			if (event.key === "Escape" && !event.defaultPrevented && !this.#dialogs.isOpen) field.blur();
			return;
		}
		if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || this.#dialogs.isOpen) return;
		const known = this.#keys[event.key];
		if (!known || !this.#memory.choice("keys", true)) return;
		event.preventDefault();
		known[1]();
	}
}
