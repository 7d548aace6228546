// A call of a tool, as agents read it.

// What a tool was told or gave: every value there is, an empty one too.
function valuesList(values) {
	const shown = (value) => (typeof value === "string" ? value || "(empty)" : JSON.stringify(value));
	const list = factsList(Object.entries(values ?? {}).map(([name, value]) => [name.replaceAll("_", " "), shown(value)]));
	list.classList.add("hd-values");
	return list;
}

function callerName({ kind, name }, words) {
	return name || words.callers[kind] || kind;
}

// decided: whether a person has said that it may be made, or not.
function standingOf({ status, undone_by: undone }, words, decided = false) {
	if (undone) return "taken back";
	return decided && status === "waiting" ? "goes on by itself" : words.calls[status];
}

function amountOf(price) {
	return price.toLocaleString([], { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

// What came of it, as far as anything did.
function outcomeOf(call) {
	if (call.failure) return [make("p.hd-failed", {}, call.failure.message)];
	if (!call.result) return [];
	const known = Object.keys(call.result).length;
	return [make("h4", {}, "Result"), known ? valuesList(call.result) : make("p.hd-muted", {}, "It gave nothing back.")];
}

function argumentsOf(call) {
	const known = Object.keys(call.arguments).length;
	return [make("h4", {}, "With"), known ? valuesList(call.arguments) : make("p.hd-muted", {}, "Nothing more is said.")];
}

// A button that turns into what the call would do.
function rehearsal(call, onAsk) {
	const place = make("div.hd-rehearsal", { "aria-live": "polite" });
	const ask = button("Show what it would do", async () => {
		ask.disabled = true;
		try {
			const told = await onAsk(call.invocation_id);
			place.replaceChildren(make("h4", {}, "What it would do"), valuesList(told.result));
		} catch (error) {
			place.replaceChildren(ask, make("p.hd-failed", {}, wordsOf(error)));
			ask.disabled = false;
		}
	});
	place.append(ask);
	return place;
}
