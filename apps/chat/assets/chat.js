document.querySelector("#hd-box button").setAttribute("aria-label", "Send");
const log = element.querySelector(".hd-log");
const byId = (id) => log.querySelector("#" + CSS.escape(id));

// The server sends one piece at a time; it replaces the piece that had its id before.
watch("value", () => {
	const holder = document.createElement("template");
	holder.innerHTML = props.value || "";
	const piece = holder.content.firstElementChild;
	if (!piece) return;
	const old = byId(piece.id);
	const rating = old?.contains(document.activeElement) && document.activeElement.dataset.rating;
	if (old) old.replaceWith(piece);
	else log.append(piece);
	if (rating) piece.querySelector(`[data-rating="${rating}"]`)?.focus();
	if (piece.matches(".hd-turn:not(.hd-welcome)")) {
		piece.scrollIntoView({ block: piece.offsetHeight > log.clientHeight ? "start" : "end" });
	}
});

log.addEventListener("click", (event) => {
	const target = event.target.closest("button, a.hd-number");
	if (!target) return;
	if (target.matches(".hd-example")) trigger("example", { question: target.textContent });
	else if (target.matches(".hd-thumb")) trigger("rate", { answer: target.dataset.answer, rating: target.dataset.rating });
	else {
		event.preventDefault();
		const source = byId(target.hash.slice(1));
		source.open = true;
		source.querySelector("summary").focus({ preventScroll: true });
		source.scrollIntoView({ block: "nearest", behavior: "smooth" });
	}
});
