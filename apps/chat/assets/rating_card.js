// What the customer thinks of a conversation that a person has resolved: stars, and a word if they like.

class RatingCard {
	#form;
	#words;

	// send(stars, comment): throws where it was not taken.
	constructor(form, { words, longest_comment: longest }, send) {
		this.#form = form;
		this.#words = words;
		form.elements.comment.maxLength = longest;
		form.addEventListener("change", () => (form.querySelector(".hd-more").hidden = false));
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			const stars = Number(new FormData(form).get("stars"));
			if (!stars) return this.#say(words.choose_stars);
			form.elements.send.disabled = true;
			try {
				await send(stars, form.elements.comment.value.trim());
				form.querySelector(".hd-more").hidden = true;
				this.#say(words.rated);
			} catch {
				this.#say(words.not_rated);
			}
			form.elements.send.disabled = false;
		});
	}

	hide() {
		this.#form.hidden = true;
	}

	// stars: those that were given before, if any.
	show(stars) {
		if (!this.#form.hidden) return;
		this.#form.reset();
		this.#form.hidden = false;
		this.#form.querySelector(".hd-more").hidden = true;
		this.#say(stars ? this.#words.rated : "");
		const given = stars && this.#form.querySelector(`[name=stars][value="${Number(stars)}"]`);
		if (given) given.checked = true;
	}

	#say(text) {
		this.#form.querySelector("[role=status]").textContent = text;
	}
}
