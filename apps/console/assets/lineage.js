// How the bot came to say something, for whoever wants to know.

// onAsk(answer): a promise of the stored answer's lineage.
function lineageOf(message, onAsk) {
	const { understanding, steps, seconds, node } = message.lineage ?? {};
	if (!node && !steps?.length && !message.answer_id) return null;
	const rows = [
		["Node", node],
		["Understood as", understanding && `${understanding.intent ?? "nothing"} (${percent(understanding.confidence)}, needs ${percent(understanding.threshold)}, ${understanding.engine})`],
		["Details", understanding?.entities?.map(({ name, value }) => `${name} = ${value}`).join(", ")],
		["Took", seconds?.total && `${(seconds.total * 1000).toFixed(0)} ms`],
	];
	const shown = make("details.hd-why", {}, make("summary", {}, "Why the bot said this"), factsList(rows));
	if (steps?.length) {
		const lines = steps.map((step) => make("li", {}, `${step.node}: ${step.what || step.type}`));
		shown.append(make("h4", {}, "Steps"), make("ol.hd-steps", {}, lines));
	}
	if (message.answer_id) shown.append(answerLineage(message.answer_id, onAsk));
	return shown;
}

// A button that turns into the lineage of a stored answer.
function answerLineage(answer, onAsk) {
	const place = make("div.hd-answer-lineage");
	const ask = button("Lineage of the answer", async () => {
		ask.disabled = true;
		try {
			place.replaceChildren(shownLineage(await onAsk(answer)));
		} catch (error) {
			place.replaceChildren(ask, make("p.hd-failed", {}, wordsOf(error)));
			ask.disabled = false;
		}
	});
	place.append(ask);
	return place;
}

function shownLineage(told) {
	return factsList([
		["Question", told.question],
		["Answered", told.answered ? "yes" : "no"],
		["Reason", told.reason],
		["Confidence", `${told.confidence.toFixed(2)} (needs ${told.threshold.toFixed(2)})`],
		["Model", told.model],
		["Prompt", told.prompt_id && `${told.prompt_id} ${told.prompt_version}`],
		["Pipeline", `${told.pipeline}, index ${told.index_version}`],
		["Passages", `${told.passages.length} found, ${told.passages.filter((each) => each.used).length} used`],
		["Quoted", told.citations.map((each) => each.title).join("; ")],
		["Answer", told.answer_id],
	]);
}

function percent(share) {
	return `${Math.round((share ?? 0) * 100)} %`;
}
