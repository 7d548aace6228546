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
	standing({ status, position, agent: owner }, wrote, stars) {
		const { words } = facts;
		const agent = owner ?? wrote;
		const waiting = position ? words.in_queue.replace("{position}", position) : words.waiting;
		write(".hd-waiting span", status === "waiting" ? waiting : "");
		find(".hd-start-over").hidden = status !== "waiting";
		write(".hd-with", status === "agent" ? (agent ? words.with_agent.replace("{agent}", () => agent) : words.with_somebody) : "");
		if (status === "closed" && wrote) card.show(stars);
		else card.hide();
	},
	begun(yes) {
		anew.hidden = !yes;
	},
};
const memory = new Memory(facts.tenant);
const transcript = new Transcript(log, facts, memory, (sequence) => conversation.files(sequence));
const ratings = new Ratings({ memory, transcript, words: facts.words, session: () => conversation.session });
const card = new RatingCard(find(".hd-rate"), facts, (stars, comment) => ratings.ofConversation(stars, comment));
const tray = new AttachTray(find(".hd-foot"), facts, (...upload) => conversation.upload(...upload));
const composer = new Composer(find(".hd-box"), tray, facts.words, {
	onSend: (message) => conversation.send(message) && composer.empty(),
	onTyping: (yes) => conversation.typing(yes),
});
const conversation = new Conversation({ facts, memory, transcript, composer, strips });
composer.focus();

// Only what is new: a screen reader reads it out again.
function write(selector, text) {
	const strip = find(selector);
	if (strip.textContent !== text) strip.textContent = text;
}

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
		ratings.ofAnswer(target.closest(".hd-feedback").dataset.answer, Number(target.dataset.rating));
	} else if (target.matches("a.hd-number")) {
		event.preventDefault();
		const source = log.querySelector("#" + CSS.escape(target.hash.slice(1)));
		source.open = true;
		source.querySelector("summary").focus({ preventScroll: true });
		const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
		source.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
	}
});
