// What WCAG 2.2 asks of what is on the page: contrast of every text, a name for every control.
(() => {
	const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
	const channels = (colour) => {
		context.clearRect(0, 0, 1, 1);
		context.fillStyle = colour;
		context.fillRect(0, 0, 1, 1);
		return [...context.getImageData(0, 0, 1, 1).data];
	};
	const ground = (element) => {
		for (let each = element; each; each = each.parentElement) {
			const colour = channels(getComputedStyle(each).backgroundColor);
			if (colour[3] === 255) return colour;
		}
		throw new Error("nothing stands behind " + element.outerHTML);
	};
	const linear = (share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
	const luminance = ([red, green, blue]) => {
		const [r, g, b] = [red, green, blue].map((value) => linear(value / 255));
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const shown = (element) => element.checkVisibility({ visibilityProperty: true });

	// [class, beginning of the text, contrast ratio] of all that is shown and not turned off.
	window.textsOf = () => {
		const found = [];
		const walk = document.createTreeWalker(document.querySelector(".hd-desk"), NodeFilter.SHOW_TEXT);
		for (let node = walk.nextNode(); node; node = walk.nextNode()) {
			const element = node.parentElement;
			if (!node.textContent.trim() || !shown(element) || element.closest(".hd-out, option, optgroup, :disabled")) continue;
			const [ink, paper] = [luminance(channels(getComputedStyle(element).color)), luminance(ground(element))];
			const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
			found.push([element.className, node.textContent.trim().slice(0, 40), contrast]);
		}
		return found;
	};

	window.unnamed = () =>
		[...document.querySelectorAll('.hd-desk :is(button, input, select, textarea, a, [role=tab], [tabindex="0"])')]
			.filter(shown)
			.filter((each) => !["aria-label", "aria-labelledby", "title"].some((name) => each.getAttribute(name)))
			.filter((each) => !each.textContent.trim() && !each.labels?.length)
			.map((each) => each.outerHTML.slice(0, 120));
})();
