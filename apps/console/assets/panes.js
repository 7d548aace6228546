// Which pane is in front where there is room for one.

class Panes {
	#page;
	#nav;
	#onShown;

	// onShown(pane): it is in front.
	constructor(page, nav, onShown) {
		this.#page = page;
		this.#nav = nav;
		this.#onShown = onShown;
		nav.addEventListener("click", (event) => {
			const go = event.target.closest("[data-go]");
			if (go) this.show(go.dataset.go);
		});
		this.show("queue");
	}

	show(pane) {
		this.#page.dataset.pane = pane;
		for (const each of this.#nav.children) {
			if (each.dataset.go === pane) each.setAttribute("aria-current", "true");
			else each.removeAttribute("aria-current");
		}
		this.#onShown(pane);
	}
}
