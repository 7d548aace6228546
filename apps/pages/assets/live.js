// The connection to the namespace /handover: what is asked there, and what it tells.

const ACKNOWLEDGED_WITHIN = 8_000;
const NAMESPACE = "/handover";
const LOST = ["invalid_credentials", "invalid_session_token", "access_denied", "not_found"];

// The server has refused what was asked.
class Refused extends Error {
	constructor({ code, message, field }) {
		super(`${code}: ${message}`);
		Object.assign(this, { code, detail: message, field });
	}
}

class Live {
	#socket = null;
	#hears;

	// hears: by event, and `connected`, `cut`, `lost` (the token is good no more).
	constructor(hears) {
		this.#hears = hears;
	}

	get connected() {
		return this.#socket?.connected ?? false;
	}

	// auth: what comes with every connection, or what gives it to its callback.
	open(auth) {
		this.close();
		// Without the client the page goes on asking.
		if (!globalThis.io) return;
		const path = root("socket.io/").pathname;
		const socket = io(`${location.origin}${NAMESPACE}`, {
			path,
			auth,
			// A WebSocket needs no proxy that sends one client to the same process each time.
			transports: ["websocket", "polling"],
			tryAllTransports: true,
			reconnectionDelay: 500,
			reconnectionDelayMax: 5_000,
			forceNew: true,
		});
		this.#socket = socket;
		socket.on("connect", () => this.#hears.connected());
		socket.on("disconnect", (why) => {
			this.#hears.cut();
			// The server has cut it, and the client library leaves that as it is.
			if (why === "io server disconnect") setTimeout(() => this.#socket === socket && socket.connect(), 1_000);
		});
		socket.on("connect_error", (error) => {
			this.#hears.cut();
			const code = error.data?.code ?? "";
			if (LOST.includes(code)) this.#hears.lost();
			else if (!socket.active) setTimeout(() => this.#socket === socket && socket.connect(), 3_000);
		});
		socket.onAny((event, data) => this.#hears[event]?.(data));
	}

	close() {
		this.#socket?.removeAllListeners();
		this.#socket?.disconnect();
		this.#socket = null;
	}

	// What the server acknowledges it with. Throws Refused, or ConnectionLost: then nobody knows what became of it.
	async ask(event, data) {
		if (!this.connected) throw new ConnectionLost("not connected");
		let answer;
		try {
			answer = await this.#socket.timeout(ACKNOWLEDGED_WITHIN).emitWithAck(event, data);
		} catch (error) {
			throw new ConnectionLost(error.message);
		}
		if (!answer?.ok) throw new Refused(answer ?? {});
		return answer;
	}

	// For what need not arrive.
	tell(event, data) {
		this.ask(event, data).catch(() => {});
	}
}
