// Short words at the edge of the page, and the sign that a new conversation waits.

const TOAST_LASTS = 8_000;

class Toasts {
	#place;
	#memory;
	#title = document.title;

	constructor(place, memory) {
		this.#place = place;
		this.#memory = memory;
	}

	// action: {label, act}.
	say(text, action, kind = "") {
		const toast = make("div.hd-toast", { "data-kind": kind }, make("span", {}, text));
		if (action) {
			toast.append(
				button(action.label, () => {
					toast.remove();
					action.act();
				}),
			);
		}
		toast.append(button("×", () => toast.remove(), { classes: ".hd-quiet", "aria-label": "Dismiss" }));
		this.#place.append(toast);
		while (this.#place.children.length > 4) this.#place.firstElementChild.remove();
		setTimeout(() => toast.remove(), TOAST_LASTS);
	}

	failed(error) {
		this.say(wordsOf(error), null, "failure");
	}

	ring() {
		if (!this.#memory.choice("sound", false)) return;
		try {
			const audio = new AudioContext();
			const tone = audio.createOscillator();
			const loudness = audio.createGain();
			tone.frequency.value = 740;
			loudness.gain.setValueAtTime(0.08, audio.currentTime);
			loudness.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.4);
			tone.connect(loudness).connect(audio.destination);
			tone.start();
			tone.stop(audio.currentTime + 0.4);
			tone.onended = () => audio.close();
		} catch {
			// A browser without sound.
		}
	}

	badge(count) {
		document.title = count ? `(${count}) ${this.#title}` : this.#title;
	}
}
