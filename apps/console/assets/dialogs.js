// Questions that the page asks before it does something.

// What was pressed: "yes", "no" or another button's value.
function asked(dialog) {
	return new Promise((resolve) => {
		dialog.returnValue = "no";
		dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true });
		dialog.showModal();
	});
}

class Dialogs {
	#find;

	constructor(find) {
		this.#find = find;
	}

	get isOpen() {
		return document.querySelector("dialog[open]") !== null;
	}

	async confirm(title, text, label) {
		const dialog = this.#find(".hd-confirm");
		dialog.querySelector("h2").textContent = title;
		dialog.querySelector("p").textContent = text;
		dialog.querySelector("[value=yes]").textContent = label;
		return (await asked(dialog)) === "yes";
	}

	// {to_agent} or {to_team}, with {reason}; null where nobody was chosen.
	async transfer({ agents, teams }, me, presences) {
		const dialog = this.#find(".hd-transfer");
		const select = dialog.querySelector("select");
		const others = agents.filter((each) => each.agent_id !== me);
		const groups = [
			["Colleagues", others.map((each) => [`agent:${each.agent_id}`, `${each.name} (${presences[each.presence]})`])],
			["Teams", teams.map((team) => [`team:${team}`, team])],
		];
		select.replaceChildren(
			...groups
				.filter(([, choices]) => choices.length)
				.map(([label, choices]) =>
					make("optgroup", { label }, choices.map(([value, name]) => make("option", { value }, name))),
				),
		);
		dialog.querySelector("[name=reason]").value = "";
		if (!select.options.length) return null;
		if ((await asked(dialog)) !== "yes") return null;
		const [kind, ...rest] = select.value.split(":");
		return { [`to_${kind}`]: rest.join(":"), reason: dialog.querySelector("[name=reason]").value.trim() };
	}

	// {pressed, name, text}
	async cannedAnswer(answer, placeholders) {
		const dialog = this.#find(".hd-canned-edit");
		const [name, text] = [dialog.querySelector("[name=name]"), dialog.querySelector("[name=text]")];
		name.value = answer?.name ?? "";
		name.readOnly = answer !== null;
		text.value = answer?.text ?? "";
		dialog.querySelector("[value=delete]").hidden = answer === null;
		const open = "{".repeat(2);
		const shut = "}".repeat(2);
		const named = placeholders.map((each) => `${open}${each}${shut}`).join(", ");
		dialog.querySelector(".hd-placeholders").textContent = `Filled in when it is inserted: ${named}`;
		const pressed = await asked(dialog);
		return { pressed, name: name.value.trim(), text: text.value.trim() };
	}
}
