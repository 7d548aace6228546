// The people's side of a conversation: live while a person has it or is waited for, with who types and what was read.

const LIVE_AFTER_THE_END = 120_000;
const TYPING_TOLD_EVERY = 3_000;
const TYPING_OVER_AFTER = 5_000;
const NOWHERE = { status: "bot", last_sequence: 0, position: null, agent: null, live: false };

class Handover {
	#transcript;
	#needs;
	#live;
	#session = null;
	#standing = NOWHERE;
	#read = 0;
	#ending;
	#toldTyping = 0;
	#idle;

	// needs: `session()`, `heard(message)`, `stood(standing)` (it stands otherwise), `again()` (ask the server how things
	// are).
	constructor(transcript, needs) {
		this.#transcript = transcript;
		this.#needs = needs;
		const mine = (act) => (data) => data.session_id === this.#session?.session && act(data);
		const heard = mine((message) => {
			if (message.author === "agent") transcript.agentTypes(null);
			needs.heard(message);
			this.readUp();
		});
		this.#live = new Live({
			connected: () => {
				this.#read = 0;
				this.readUp();
			},
			cut: () => {
				transcript.agentTypes(null);
				needs.again();
			},
			lost: () => {
				this.#close();
				needs.again();
			},
			agent_to_user: heard,
			message: heard,
			conversation: mine((conversation) => this.stands(conversation, true)),
			typing: mine(({ who, name, typing }) => who === "agent" && transcript.agentTypes(typing ? name : null)),
		});
		document.addEventListener("visibilitychange", () => this.readUp());
	}

	get connected() {
		return this.#live.connected;
	}

	// A person has the conversation, or is waited for.
	get withPeople() {
		return ["waiting", "agent"].includes(this.status);
	}

	get status() {
		return this.#standing.status;
	}

	// Another conversation, or none, of which nothing is known yet.
	begin() {
		this.#close();
		this.#standing = NOWHERE;
		this.#needs.stood(NOWHERE);
	}

	// The conversation stands so. live: the socket says it, which alone knows of places in the queue, and is never behind
	// what was asked before.
	stands({ status, last_sequence, position, agent }, live = false) {
		const known = this.#standing;
		const alike = last_sequence === known.last_sequence && known.live && this.connected;
		if (last_sequence < known.last_sequence || (alike && !live)) return;
		const kept = this.connected && status === known.status ? known : NOWHERE;
		this.#standing = { status, last_sequence, position: position ?? kept.position, agent: agent ?? kept.agent, live };
		if (status !== "agent") this.#transcript.agentTypes(null);
		if (this.withPeople) this.#open();
		else if (status === "bot") this.#close();
		else if (known.status !== "closed") this.#ending = setTimeout(() => this.#close(), LIVE_AFTER_THE_END);
		this.#needs.stood(this.#standing);
	}

	// The customer sees all there is.
	readUp() {
		const { last } = this.#transcript;
		if (document.hidden || !this.connected || last <= this.#read) return;
		this.#read = last;
		this.#live.tell("read", { sequence: last });
	}

	// The customer has written in the box, and may go on; false: has sent it, or taken it away.
	typing(yes) {
		clearTimeout(this.#idle);
		if (yes) this.#idle = setTimeout(() => this.typing(false), TYPING_OVER_AFTER);
		if (yes ? Date.now() - this.#toldTyping < TYPING_TOLD_EVERY : !this.#toldTyping) return;
		this.#toldTyping = yes ? Date.now() : 0;
		if (this.connected && this.withPeople) this.#live.tell("typing", { typing: yes });
	}

	#open() {
		clearTimeout(this.#ending);
		if (this.#session) return;
		this.#session = this.#needs.session();
		const { token, session: session_id } = this.#session;
		this.#live.open((tell) => tell({ token, session_id, after: this.#transcript.last }));
	}

	#close() {
		clearTimeout(this.#ending);
		if (!this.#session) return;
		this.#session = null;
		this.#read = 0;
		this.#live.close();
	}
}
