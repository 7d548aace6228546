// What agents tell each other about a conversation.

class NotesPanel {
	#find;
	#notes = new Map();
	#session = null;

	// onAdd(text): returns the thing that is on its way.
	constructor(find, onAdd) {
		this.#find = find;
		const form = find(".hd-note");
		const box = form.querySelector("textarea");
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			const text = box.value.trim();
			if (!text || !this.#session) return;
			this.pending(onAdd(text));
			box.value = "";
		});
		box.addEventListener("keydown", (event) => {
			if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
		});
	}

	open(session, notes, pending) {
		this.#session = session;
		this.#notes.clear();
		this.#list.replaceChildren();
		for (const note of notes) this.add(note);
		for (const thing of pending) this.pending(thing);
		this.#count();
	}

	add(note) {
		if (note.session_id && note.session_id !== this.#session) return;
		if (this.#notes.has(note.note_id)) return;
		this.#list.querySelector(`[data-client="${CSS.escape(note.client_note_id)}"]`)?.remove();
		this.#notes.set(note.note_id, note);
		this.#list.append(this.#item(note.name, note.text, note.created_at));
		this.#count();
	}

	pending({ id, text, at }) {
		const item = this.#item("You", text, new Date(at).toISOString());
		item.dataset.client = id;
		item.classList.add("hd-unstored");
		this.#list.append(item);
		item.scrollIntoView({ block: "nearest" });
	}

	drop(id) {
		this.#list.querySelector(`[data-client="${CSS.escape(id)}"]`)?.remove();
	}

	get #list() {
		return this.#find(".hd-notes");
	}

	#item(name, text, at) {
		return make("li", {}, make("p.hd-author", {}, name, " ", make("time", { datetime: at }, momentOf(at))), make("p.hd-text", { dir: "auto" }, text));
	}

	#count() {
		this.#find('[data-panel="notes"] .hd-count').textContent = this.#notes.size || "";
	}
}
