// What the owner of a conversation has in sight counts as read.

const READ_TOLD_AFTER = 400;

class ReadMark {
	#live;
	#transcript;
	#owned;
	#timer = null;

	// owned(): the open conversation where it is this agent's, else null.
	constructor(live, transcript, owned) {
		this.#live = live;
		this.#transcript = transcript;
		this.#owned = owned;
		document.addEventListener("visibilitychange", () => !document.hidden && this.seen());
	}

	seen() {
		clearTimeout(this.#timer);
		if (!this.#owned() || document.hidden || !this.#transcript.isAtEnd) return;
		this.#timer = setTimeout(() => {
			const open = this.#owned();
			const sequence = this.#transcript.complete;
			if (!open || sequence <= (open.agent_read ?? 0)) return;
			open.agent_read = sequence;
			this.#live.tell("read", { session_id: open.session_id, sequence });
		}, READ_TOLD_AFTER);
	}
}
