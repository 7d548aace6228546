// The form to sign in.

class SignIn {
	#form;

	// onSignedIn(session): {token, expires_at, agent}
	constructor(form, api, tenant, onSignedIn) {
		this.#form = form;
		form.addEventListener("submit", async (event) => {
			event.preventDefault();
			const { email, password } = form.elements;
			const send = form.querySelector("[type=submit]");
			this.say("");
			if (!email.value.trim() || !password.value) return this.say("Please give e-mail address and password.");
			send.disabled = true;
			try {
				const session = await api.signIn(tenant, email.value.trim(), password.value);
				if (!session.agent.may.includes("answer_customers")) {
					const role = session.agent.role.replaceAll("_", " ");
					return this.say(`Your role, ${role}, does not answer customers. Your pages are in the workbench: ${location.origin}/dashboards/`);
				}
				password.value = "";
				onSignedIn(session);
			} catch (error) {
				this.say(wordsOf(error));
				password.select();
			} finally {
				send.disabled = false;
			}
		});
	}

	open(said = "") {
		this.say(said);
		this.#form.elements.email.focus();
	}

	say(text) {
		this.#form.querySelector(".hd-said").textContent = text;
	}
}
