// The tickets of the conversation: listed, opened, moved on.

const TICKET_STATUSES = ["open", "pending", "resolved", "closed"];
const TICKET_PRIORITIES = ["low", "normal", "high", "urgent"];

class TicketsPanel {
	#find;
	#place;
	#api;
	#toasts;
	#session = null;
	#known = [];
	#conversation = {};
	// Of the ticket that is being written: sent again with it, it is opened once.
	#wish = newId();

	constructor(find, place, api, toasts) {
		this.#find = find;
		this.#place = place;
		this.#api = api;
		this.#toasts = toasts;
	}

	// known: as the conversation came with them; all there is where tickets cannot be asked for.
	async open(conversation, known) {
		const session = conversation?.session_id ?? null;
		const fresh = session !== this.#session;
		this.#session = session;
		this.#conversation = conversation;
		this.#known = known;
		if (!session) return;
		if (fresh) this.#show(known, false);
		await this.#load();
	}

	async #load() {
		const session = this.#session;
		try {
			const { tickets } = await this.#api.tickets(session);
			const others = this.#known.filter((each) => !tickets.some((ticket) => ticket.ticket_id === each.ticket_id));
			if (session === this.#session) this.#show([...tickets, ...others], true);
		} catch (error) {
			if (session === this.#session) this.#show(this.#known, false, error);
		}
	}

	#show(tickets, changeable, error) {
		this.#find('[data-panel="tickets"] .hd-count').textContent = tickets.length || "";
		const items = tickets.map((ticket) => this.#item(ticket, changeable));
		const shown = [make("h3", {}, "Tickets"), items.length ? make("ul.hd-tickets", {}, items) : make("p.hd-muted", {}, "There is no ticket of this conversation.")];
		if (changeable) shown.push(this.#form());
		else if (error) shown.push(make("p.hd-muted", {}, "Tickets cannot be changed here at the moment."));
		this.#place.replaceChildren(...shown);
	}

	#item(ticket, changeable) {
		const name = `Ticket ${ticket.number ?? ""}`;
		const choose = (field, allowed) => {
			const select = make("select", { "aria-label": `${field} of ${name}` }, allowed.map((value) => make("option", { value, selected: value === ticket[field] }, value)));
			select.addEventListener("change", () => this.#change(ticket, { [field]: select.value }, select));
			return select;
		};
		const standing = changeable && TICKET_STATUSES.includes(ticket.status) ? [choose("status", TICKET_STATUSES), choose("priority", TICKET_PRIORITIES)] : [make("span.hd-muted", {}, [ticket.status, ticket.priority].filter(Boolean).join(", "))];
		const clocks = [
			["First response", ticket.first_response],
			["Resolution", ticket.resolution],
		].filter(([, clock]) => clock && !clock.met_at);
		return make(
			"li",
			{},
			make("b", {}, `#${ticket.number ?? "?"}`),
			" ",
			make("span", { dir: "auto" }, ticket.subject ?? ""),
			make("div.hd-choose", {}, standing),
			factsList(clocks.map(([what, clock]) => [what, clock.due_at ? `due ${momentOf(clock.due_at)}` : "stands still"])),
		);
	}

	#form() {
		const form = make(
			"form.hd-new-ticket",
			{},
			make("h3", {}, "New ticket"),
			make("label", {}, "Subject", make("input", { name: "subject", required: true, maxlength: 300, dir: "auto", autocomplete: "off" })),
			make("label", {}, "Priority", make("select", { name: "priority" }, TICKET_PRIORITIES.map((value) => make("option", { value, selected: value === "normal" }, value)))),
			make("button", { type: "submit" }, "Create ticket"),
		);
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			const { subject, priority } = form.elements;
			const send = form.querySelector("[type=submit]");
			send.disabled = true;
			try {
				const { channel, customer } = this.#conversation;
				const requester = { name: customer.name ?? "", email: customer.email ?? "", phone: customer.phone ?? "" };
				const ticket = { subject: subject.value.trim(), priority: priority.value, session_id: this.#session, channel, requester };
				await this.#api.createTicket(ticket, this.#wish);
				this.#wish = newId();
				await this.#load();
			} catch (error) {
				this.#toasts.failed(error);
				send.disabled = false;
			}
		});
		return form;
	}

	async #change(ticket, change, select) {
		select.disabled = true;
		try {
			await this.#api.changeTicket(ticket.ticket_id, { ...change, version: ticket.version });
		} catch (error) {
			this.#toasts.failed(error);
		}
		await this.#load();
	}
}
