// The server's HTTP, as every page speaks it.

const REPLY_WITHIN = 20_000;

// From the root of the server: every page is two steps below it, wherever a proxy has put that.
const root = (path) => new URL(`../../${path.replace(/^\//, "")}`, location.href);

// The server does not answer, or not to the end: nobody knows what became of what was asked.
class ConnectionLost extends Error {}

// The server's own word for a failure. begun: it came after the server had begun to take what was asked.
class Problem extends Error {
	constructor(status, code, begun = false, detail = "") {
		super(`${status} ${code}`);
		Object.assign(this, { status, code, begun, detail });
	}

	// The session has expired, was erased, or was never this tenant's.
	get isGone() {
		return [401, 403, 404].includes(this.status);
	}
}

// The JSON of an answer; null where it has none.
async function received(url, options) {
	const response = await request(url, options);
	if (response.status === 204) return null;
	try {
		return await response.json();
	} catch (error) {
		throw new ConnectionLost(error.message);
	}
}

// body: what goes as JSON, or a FormData.
async function request(url, { token, body, method, signal, accept = "application/json", headers: more } = {}) {
	const headers = { Accept: accept, ...more };
	const isForm = body instanceof FormData;
	if (token) headers.Authorization = `Bearer ${token}`;
	if (body && !isForm) headers["Content-Type"] = "application/json";
	let response;
	try {
		response = await fetch(url, {
			method: method ?? (body ? "POST" : "GET"),
			headers,
			cache: "no-store",
			credentials: "omit",
			body: body && !isForm ? JSON.stringify(body) : body,
			signal: signal ?? AbortSignal.timeout(REPLY_WITHIN),
		});
	} catch (error) {
		throw new ConnectionLost(error.message);
	}
	if (response.ok) return response;
	const problem = await response.json().catch(() => ({}));
	throw new Problem(response.status, problem.code ?? "", false, problem.detail ?? "");
}

// 128 random bits; crypto.randomUUID is there on https alone.
function newId() {
	return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
