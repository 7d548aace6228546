// Who is writing, until they stop or nothing is heard of it any more.

const TYPING_LASTS = 8_000;

class TypingLine {
	#place;
	#timer;

	constructor(place) {
		this.#place = place;
	}

	say(text) {
		clearTimeout(this.#timer);
		this.#place.textContent = text;
		if (text) this.#timer = setTimeout(() => this.say(""), TYPING_LASTS);
	}
}
