// The page, put together.

const facts = JSON.parse(document.querySelector("#hd-facts").textContent);
const find = (selector) => element.querySelector(selector);
const log = find(".hd-log");
const anew = document.querySelector(".hd-new");
const ask = find(".hd-ask");

const strips = {
	offline(text) {
		find(".hd-offline").textContent = text;
	},
	waiting(text) {
		find(".hd-waiting span").textContent = text;
		find(".hd-start-over").hidden = !text;
	},
	begun(yes) {
		anew.hidden = !yes;
	},
};
const memory = new Memory(facts.tenant);
const transcript = new Transcript(log, facts, memory);
const composer = new Composer(find(".hd-box"), (message) => conversation.send(message) && composer.empty());
const conversation = new Conversation({ facts, memory, transcript, composer, strips });
composer.focus();

function say(text) {
	conversation.send(composer.message(text));
	composer.focus();
}

find(".hd-start-over").addEventListener("click", () => say(facts.words.start_over));
anew.addEventListener("click", () => ask.showModal());
ask.addEventListener("close", () => {
	if (ask.returnValue === "yes") conversation.forget();
	ask.returnValue = "";
	composer.focus();
});

log.addEventListener("click", (event) => {
	const target = event.target.closest("button, a.hd-number");
	if (!target) return;
	if (target.matches(".hd-choice")) say(target.textContent);
	else if (target.matches(".hd-thumb")) {
		conversation.rate(target.closest(".hd-feedback").dataset.answer, Number(target.dataset.rating));
	} else if (target.matches("a.hd-number")) {
		event.preventDefault();
		const source = log.querySelector("#" + CSS.escape(target.hash.slice(1)));
		source.open = true;
		source.querySelector("summary").focus({ preventScroll: true });
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		source.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
	}
});
