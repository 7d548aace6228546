// The agents' HTTP API, as far as the console uses it.

// Calls of tools may take as long as the server waits for them.
const MADE_WITHIN = 60_000;

// onLost: the token is good no more.
class DeskApi {
	#onLost;
	token = null;

	constructor(onLost) {
		this.#onLost = onLost;
	}

	signIn(tenant, email, password) {
		return received(root("agents/sign-in"), { body: { tenant, email, password } });
	}

	queue(view) {
		return this.#ask(`handover/queue?view=${view}`);
	}

	conversation(session) {
		return this.#ask(`handover/conversations/${session}`);
	}

	earlier(session, before) {
		return this.#ask(`handover/conversations/${session}/messages?before=${before}`);
	}

	summary(session) {
		return this.#ask(`handover/conversations/${session}/summary`);
	}

	suggestions(session) {
		return this.#ask(`handover/conversations/${session}/suggestions`);
	}

	// {agents, teams}
	async colleagues() {
		const [agents, { teams }] = await Promise.all([this.#ask("agents"), this.#ask("handover/teams")]);
		return { agents, teams };
	}

	lineage(answer) {
		return this.#ask(`handover/answers/${answer}`);
	}

	cannedAnswers() {
		return this.#ask("handover/canned-answers");
	}

	putCannedAnswer(name, text) {
		return this.#ask(`handover/canned-answers/${encodeURIComponent(name)}`, { method: "PUT", body: { text } });
	}

	deleteCannedAnswer(name) {
		return this.#ask(`handover/canned-answers/${encodeURIComponent(name)}`, { method: "DELETE" });
	}

	tickets(session) {
		return this.#ask(`tickets?session_id=${session}`);
	}

	createTicket(ticket, wish) {
		return this.#ask("tickets", { body: ticket, headers: { "Idempotency-Key": wish } });
	}

	changeTicket(ticket, change) {
		return this.#ask(`tickets/${ticket}`, { method: "PATCH", body: change });
	}

	// status: null for all.
	approvals(status, limit = 200) {
		return this.#ask(`approvals?limit=${limit}${status ? `&status=${status}` : ""}`);
	}

	decide(approval, decision, comment) {
		return this.#ask(`approvals/${approval}`, { body: { decision, comment }, signal: AbortSignal.timeout(MADE_WITHIN) });
	}

	// What came of the calls that were made for a conversation.
	calls(session) {
		return this.#ask(`tools/invocations?conversation_id=${session}&limit=100`);
	}

	// What the call would do, were it made now.
	rehearse(invocation) {
		return this.#ask(`tools/invocations/${invocation}/replay?dry_run=true`, { method: "POST" });
	}

	undo(invocation) {
		return this.#ask(`tools/invocations/${invocation}/undo`, { method: "POST", signal: AbortSignal.timeout(MADE_WITHIN) });
	}

	upload(session, file) {
		const body = new FormData();
		body.append("file", file, file.name);
		return this.#ask(`handover/conversations/${session}/attachments`, { body });
	}

	async #ask(path, options = {}) {
		try {
			return await received(root(path), { ...options, token: this.token });
		} catch (error) {
			if (error instanceof Problem && error.status === 401) this.#onLost();
			throw error;
		}
	}
}

// What to say of a failure: the server's own words where it has some.
function wordsOf(error) {
	if (error instanceof Problem || error instanceof Refused) return error.detail || "That was refused.";
	return "The server cannot be reached at the moment.";
}
