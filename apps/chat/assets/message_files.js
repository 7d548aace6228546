// The files of a message: each with its name and size, and pictures to look at.

// Links are good for 15 minutes.
const LINKS_GOOD_FOR = 12 * 60_000;

class MessageFiles {
	#files;
	#renew;
	#at = Date.now();
	#links = [];
	#pictures = [];
	list;

	// renew(): the same files with new links; none where they are not stored yet.
	constructor(files, label, renew) {
		this.#files = files;
		this.#renew = renew;
		this.list = make("ul.hd-files", { "aria-label": label }, files.map((file) => make("li", {}, this.#item(file))));
	}

	#item(file) {
		const href = root(file.url).href;
		const attributes = { href, download: file.name, target: "_blank", rel: "noopener" };
		const name = make("span.hd-file", {}, make("bdi", {}, file.name), ` (${sizeOf(file.size)})`);
		const link = make("a", attributes, file.media_type.startsWith("image/") ? this.#picture(file, href) : null, name);
		link.addEventListener("click", (event) => this.#opened(event, link));
		this.#links.push(link);
		return link;
	}

	#picture(file, src) {
		const picture = make("img", { src, alt: "", decoding: "async" });
		// Once: what cannot be shown is left out, and its name stands there still.
		picture.addEventListener("error", async () => {
			picture.addEventListener("error", () => picture.remove(), { once: true });
			if (!this.#renew || !(await this.#renewed())) picture.remove();
		}, { once: true });
		this.#pictures.push([picture, this.#files.indexOf(file)]);
		return picture;
	}

	async #opened(event, link) {
		if (!this.#renew || Date.now() - this.#at < LINKS_GOOD_FOR) return;
		event.preventDefault();
		if (await this.#renewed()) link.click();
	}

	async #renewed() {
		const files = await this.#renew().catch(() => null);
		if (!files) return false;
		this.#at = Date.now();
		this.#links.forEach((link, at) => (link.href = root(files[at].url).href));
		for (const [picture, at] of this.#pictures) picture.src = root(files[at].url).href;
		return true;
	}
}

const namesOf = (files) => files.map((file) => file.name).join(", ");
