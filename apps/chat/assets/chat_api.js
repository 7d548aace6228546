// The chat's HTTP API, as far as the page uses it. The page is at /chat/<tenant>/, the API one step above.

// The server says something every 10 s while a turn runs.
const SILENCE = 25_000;
const UPLOAD_WITHIN = 120_000;

const above = (path) => new URL(`../${path}`, location.href);

const api = {
	open(tenant) {
		return received(above("sessions?format=html"), { body: { tenant } });
	},

	replay(session, after) {
		return received(above(`${session.session}?format=html&after=${after}`), { token: session.token });
	},

	// What the turn ended with. onEvent(name, data) hears what it says on its way.
	async post(session, message, onEvent) {
		const silence = new Silence(SILENCE);
		const attachments = (message.files ?? []).map((file) => file.attachment_id);
		const body = { client_message_id: message.id, text: message.text, attachments };
		const path = `${session.session}/messages?format=html`;
		const { token } = session;
		const response = await request(above(path), { token, body, signal: silence.signal, accept: "text/event-stream" });
		for await (const [name, data] of events(response.body, silence)) {
			if (name === "done") return data;
			if (name === "error") throw new Problem(data.status, data.code, true);
			onEvent(name, data);
		}
		throw new ConnectionLost("the stream ended before the turn did");
	},

	async rate(session, answer, rating) {
		const body = { answer_id: answer, rating };
		await request(above(`${session.session}/feedback`), { token: session.token, body });
	},

	async rateConversation(session, stars, comment) {
		const body = { stars, comment: comment || null };
		await request(above(`${session.session}/rating`), { token: session.token, body });
	},

	// What the server keeps of the file. onProgress(share): of fetch nobody hears how far an upload is.
	upload(session, file, onProgress, signal) {
		const body = new FormData();
		body.append("file", file, file.name);
		return new Promise((resolve, reject) => {
			const sent = new XMLHttpRequest();
			const lost = () => reject(new ConnectionLost("the upload was cut"));
			sent.open("POST", above(`${session.session}/attachments`));
			sent.setRequestHeader("Authorization", `Bearer ${session.token}`);
			sent.responseType = "json";
			sent.timeout = UPLOAD_WITHIN;
			sent.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
			sent.onerror = sent.ontimeout = sent.onabort = lost;
			sent.onload = () => {
				if (sent.status === 201 && sent.response) resolve(sent.response);
				else reject(new Problem(sent.status, sent.response?.code ?? ""));
			};
			signal.addEventListener("abort", () => sent.abort());
			sent.send(body);
		});
	},
};

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
