// What the customer thinks, of an answer or of the conversation: told to the server, kept for the next page.

class Ratings {
	#memory;
	#transcript;
	#words;
	#session;

	// session(): the conversation's.
	constructor({ memory, transcript, words, session }) {
		this.#memory = memory;
		this.#transcript = transcript;
		this.#words = words;
		this.#session = session;
	}

	async ofAnswer(answer, rating) {
		try {
			await api.rate(this.#session(), answer, rating);
			this.#memory.keepRating(answer, rating);
			this.#transcript.rated(answer, rating, this.#words.rated);
		} catch {
			this.#transcript.rated(answer, this.#memory.rating(answer), this.#words.not_rated);
		}
	}

	// Throws where it was not taken.
	async ofConversation(stars, comment) {
		const session = this.#session();
		await api.rateConversation(session, stars, comment);
		this.#memory.keepRating(session.session, stars);
	}
}
