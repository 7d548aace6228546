// Keeps the queue up to date, and hears of one's own conversations while another is open.

const QUEUE_RESTS = 400;
const QUEUE_READ_EVERY = 20_000;
const MOST_WATCHED = 50;

class QueueReader {
	#api;
	#live;
	#queue;
	#onCounts;
	#watched = new Set();
	#timer = null;
	#running = false;

	// onCounts(told): how many wait.
	constructor(api, live, queue, onCounts) {
		this.#api = api;
		this.#live = live;
		this.#queue = queue;
		this.#onCounts = onCounts;
		setInterval(() => this.soon(), QUEUE_READ_EVERY);
	}

	begin() {
		this.#running = true;
		this.soon();
	}

	end() {
		this.#running = false;
		this.#watched.clear();
		this.#queue.clear();
	}

	// A new connection watches nothing.
	forget() {
		this.#watched.clear();
	}

	// Once for many reasons.
	soon() {
		if (!this.#running) return;
		this.#timer ??= setTimeout(() => {
			this.#timer = null;
			this.#read();
		}, QUEUE_RESTS);
	}

	watches(session) {
		this.#watched.add(session);
	}

	leave(session) {
		this.#watched.delete(session);
		this.#live.tell("leave", { session_id: session });
	}

	async #read() {
		if (!this.#running) return;
		const view = this.#queue.view;
		try {
			const told = await this.#api.queue(view);
			if (view !== this.#queue.view || !this.#running) return;
			this.#queue.show(told);
			this.#onCounts(told);
			const mine = view === "mine" ? told : await this.#api.queue("mine");
			for (const entry of mine.items.slice(0, MOST_WATCHED)) this.#watch(entry);
		} catch {
			// The strip says that the connection is gone; the next reading comes by itself.
		}
	}

	#watch({ session_id: session, last_sequence: after }) {
		if (this.#watched.has(session) || !this.#live.connected) return;
		this.#watched.add(session);
		this.#live.ask("join", { session_id: session, after }).catch(() => this.#watched.delete(session));
	}
}
