// What stands over the open conversation: whose it is, and how it stands.

class Heading {
	#find;
	#words;

	constructor(find, words) {
		this.#find = find;
		this.#words = words;
	}

	// owns: whether it is this agent's.
	show(conversation, owns) {
		const { status, agent, position, channel, language, priority, team } = conversation;
		const standing = {
			waiting: position ? `waiting, number ${position} in line` : "waiting",
			agent: owns ? "with you" : `with ${agent ?? "an agent"}`,
		}[status];
		const urgent = ["high", "urgent"].includes(priority) && this.#words.priorities[priority];
		const parts = [standing ?? this.#words.statuses[status], channel, language, urgent, team];
		this.#open(true);
		this.#find(".hd-customer").textContent = customerName(conversation);
		this.#find(".hd-standing").textContent = parts.filter(Boolean).join(" · ");
	}

	clear() {
		this.#open(false);
	}

	focus() {
		this.#find(".hd-customer").focus({ preventScroll: true });
	}

	#open(yes) {
		this.#find(".hd-desk").dataset.open = yes ? "yes" : "no";
		this.#find(".hd-nothing-open").hidden = yes;
		this.#find(".hd-about").hidden = !yes;
		this.#find(".hd-log").hidden = !yes;
	}
}
