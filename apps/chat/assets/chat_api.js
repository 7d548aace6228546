// The chat's HTTP API, as far as the page uses it. The page is at /chat/<tenant>/, the API one step above.

const REPLY_WITHIN = 20_000;
// The server says something every 10 s while a turn runs.
const SILENCE = 25_000;

// The server does not answer, or not to the end: nobody knows what became of what was asked.
class ConnectionLost extends Error {}

// The server's own word for a failure. begun: it came after the server had begun to take the message.
class Problem extends Error {
	constructor(status, code, begun = false) {
		super(`${status} ${code}`);
		Object.assign(this, { status, code, begun });
	}

	// The session has expired, was erased, or was never this tenant's.
	get isGone() {
		return [401, 403, 404].includes(this.status);
	}
}

const api = {
	open(tenant) {
		return received("sessions?format=html", { body: { tenant } });
	},

	replay(session, after) {
		return received(`${session.session}?format=html&after=${after}`, { session });
	},

	// What the turn ended with. onEvent(name, data) hears what it says on its way.
	async post(session, message, onEvent) {
		const silence = new Silence(SILENCE);
		const body = { client_message_id: message.id, text: message.text };
		const path = `${session.session}/messages?format=html`;
		const response = await request(path, { session, body, signal: silence.signal, accept: "text/event-stream" });
		for await (const [name, data] of events(response.body, silence)) {
			if (name === "done") return data;
			if (name === "error") throw new Problem(data.status, data.code, true);
			onEvent(name, data);
		}
		throw new ConnectionLost("the stream ended before the turn did");
	},

	async rate(session, answer, rating) {
		await request(`${session.session}/feedback`, { session, body: { answer_id: answer, rating } });
	},
};

async function received(path, options) {
	const response = await request(path, options);
	try {
		return await response.json();
	} catch (error) {
		throw new ConnectionLost(error.message);
	}
}

async function request(path, { session, body, signal, accept = "application/json" }) {
	const headers = { Accept: accept };
	if (session) headers.Authorization = `Bearer ${session.token}`;
	if (body) headers["Content-Type"] = "application/json";
	const options = { method: body ? "POST" : "GET", headers, cache: "no-store", credentials: "omit" };
	let response;
	try {
		response = await fetch(new URL(`../${path}`, location.href), {
			...options,
			body: body && JSON.stringify(body),
			signal: signal ?? AbortSignal.timeout(REPLY_WITHIN),
		});
	} catch (error) {
		throw new ConnectionLost(error.message);
	}
	if (response.ok) return response;
	const problem = await response.json().catch(() => ({}));
	throw new Problem(response.status, problem.code ?? "");
}

// Ends what it watches when nothing has been heard for so long.
class Silence {
	#abort = new AbortController();

	constructor(milliseconds) {
		this.milliseconds = milliseconds;
		this.heard();
	}

	get signal() {
		return this.#abort.signal;
	}

	heard() {
		clearTimeout(this.timer);
		this.timer = setTimeout(() => this.#abort.abort(), this.milliseconds);
	}

	over() {
		clearTimeout(this.timer);
	}
}

// The events of a text/event-stream, each with its name and JSON.
async function* events(stream, silence) {
	const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
	let rest = "";
	try {
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return;
			silence.heard();
			const blocks = (rest + value).split(/\r?\n\r?\n/);
			rest = blocks.pop();
			for (const block of blocks) {
				const fields = block.split(/\r?\n/);
				const named = (name) => fields.filter((field) => field.startsWith(name)).map((field) => field.slice(name.length).trim());
				const data = named("data:").join("\n");
				if (data) yield [named("event:")[0] ?? "message", JSON.parse(data)];
			}
		}
	} catch (error) {
		throw error instanceof Problem ? error : new ConnectionLost(error.message);
	} finally {
		silence.over();
		reader.cancel().catch(() => {});
	}
}
