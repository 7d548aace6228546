// Who the customer is, and what they wrote before.

class CustomerPanel {
	#place;
	#words;
	#onOpen;

	constructor(place, words, onOpen) {
		this.#place = place;
		this.#words = words;
		this.#onOpen = onOpen;
	}

	show({ customer, channel, language, created_at: begun, earlier, versions, handover }) {
		const known = Object.entries(customer).map(([name, value]) => [name.replaceAll("_", " "), value]);
		const collected = Object.entries(handover?.variables ?? {}).filter(([, value]) => ["string", "number"].includes(typeof value));
		this.#place.replaceChildren(
			make("h3", {}, "Customer"),
			factsList([...known, ["Channel", channel], ["Language", language], ["Since", momentOf(begun)]]),
			...(collected.length ? [make("h3", {}, "Collected by the bot"), factsList(collected.map(([name, value]) => [name.replaceAll("_", " "), value]))] : []),
			make("h3", {}, "Earlier conversations"),
			this.#earlier(earlier, customer),
			make("h3", {}, "Answered with"),
			factsList([
				["Flows", versions.flows],
				["Understanding", versions.nlu && `${versions.nlu.engine} ${versions.nlu.version}`],
				["Model", versions.model],
				["Index", versions.index],
			]),
		);
	}

	#earlier(earlier, customer) {
		if (!earlier.length) {
			const isKnown = Object.keys(customer).some((name) => name !== "name");
			return make("p.hd-muted", {}, isKnown ? "There are none." : "The customer is not known by more than this conversation.");
		}
		return make(
			"ul.hd-earlier-list",
			{},
			earlier.map((each) =>
				make("li", {}, button(`${momentOf(each.updated_at)}, ${this.#words.statuses[each.status]}`, () => this.#onOpen(each.session_id)), each.summary ? make("p.hd-muted", { dir: "auto" }, each.summary) : ""),
			),
		);
	}
}
