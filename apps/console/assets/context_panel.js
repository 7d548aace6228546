// Why the conversation was handed over, and what it is about.

class ContextPanel {
	#find;
	#words;
	#needs;

	// needs: `lineage(answer)`, `reveal(sequence)`.
	constructor(find, words, needs) {
		this.#find = find;
		this.#words = words;
		this.#needs = needs;
	}

	show({ handover, changes, status }) {
		const place = this.#find(".hd-context > div");
		if (!handover) {
			place.replaceChildren(make("p.hd-muted", {}, status === "bot" ? "It is with the bot." : "Nothing was noted."));
			return;
		}
		const { understanding, answers } = handover;
		const rows = [
			["Node", handover.node],
			["Understood as", understanding && `${understanding.intent ?? "nothing"} (${percent(understanding.confidence)}, needs ${percent(understanding.threshold)})`],
			["Read by", understanding?.engine],
			["Priority", this.#words.priorities[handover.priority]],
		];
		const leads = (answers ?? []).slice(-3).map((answer) => answerLineage(answer, this.#needs.lineage));
		place.replaceChildren(
			make("p", {}, this.#words.reasons[handover.reason] ?? handover.reason),
			factsList(rows),
			...(leads.length ? [make("details", {}, make("summary", {}, `Answers the bot gave before (${leads.length})`), leads)] : []),
			make("details", {}, make("summary", {}, `What happened (${changes.length})`), this.#history(changes)),
		);
	}

	waiting() {
		this.#find(".hd-summary > div").replaceChildren(make("p.hd-muted", {}, "…"));
	}

	showSummary({ lines, made_by: by }) {
		const place = this.#find(".hd-summary > div");
		if (!lines.length) return place.replaceChildren(make("p.hd-muted", {}, "Nobody has said anything yet."));
		const shown = lines.map(({ text, sequences }) =>
			make("li", { dir: "auto" }, text, sequences.map((sequence) => button(`#${sequence}`, () => this.#needs.reveal(sequence), { classes: ".hd-quiet.hd-where-from", "aria-label": `Show message ${sequence}` }))),
		);
		const how = by === "extractive" ? "Quoted from the conversation." : `Written by ${by}, each sentence checked against the conversation.`;
		place.replaceChildren(make("ul", {}, shown), make("p.hd-muted", {}, how));
	}

	failed(error) {
		this.#find(".hd-summary > div").replaceChildren(make("p.hd-muted", {}, wordsOf(error)));
	}

	#history(changes) {
		return make(
			"ol.hd-history",
			{},
			changes.map((change) => {
				const { to_team: team, reason } = change.details ?? {};
				const what = [this.#words.changes[change.kind] ?? change.kind, change.agent && `by ${change.agent}`, team && `to ${team}`].filter(Boolean).join(" ");
				const why = ["transfer", "undelivered"].includes(change.kind) && reason ? `: ${reason}` : "";
				return make("li", {}, make("time", { datetime: change.at }, momentOf(change.at)), ` ${what}${why}`);
			}),
		);
	}
}
