// The page, put together.

const PRESENCE_TOLD_EVERY = 25_000;

const facts = JSON.parse(document.querySelector("#hd-facts").textContent);
const find = (selector) => element.querySelector(selector);
const page = find(".hd-desk");
const memory = new AgentMemory(facts.tenant);
const toasts = new Toasts(find(".hd-toasts"), memory);
const dialogs = new Dialogs(find);
const api = new DeskApi(() => signOut("Your session has ended. Please sign in again."));
const strip = find(".hd-connection");
const presence = find(".hd-presence select");
const sound = find(".hd-sound");
const live = new Live({
	connected() {
		strip.textContent = "";
		page.dataset.connected = "yes";
		live.tell("presence", { presence: presence.value });
		desk.connected();
		approvals.soon();
	},
	cut() {
		strip.textContent = "No connection. What you write is kept and sent when it is back.";
		page.dataset.connected = "no";
	},
	lost: () => signOut("Your session has ended. Please sign in again."),
	message: (told) => desk.hears.message(told),
	agent_to_user: (told) => desk.hears.agent_to_user(told),
	conversation: (told) => desk.hears.conversation(told),
	typing: (told) => desk.hears.typing(told),
	note: (told) => desk.hears.note(told),
	queue: (told) => desk.hears.queue(told),
	bot_to_agent: (told) => desk.hears.bot_to_agent(told),
	approvals() {
		approvals.soon();
		desk.hears.approvals();
	},
});
const panes = new Panes(page, find(".hd-panes-nav"), (pane) => find(".hd-to-approvals").setAttribute("aria-pressed", String(pane === "approvals")));
const desk = new Desk({ find, facts, api, live, memory, toasts, dialogs, panes });
const isAtApprovals = () => page.dataset.pane === "approvals";
const approvals = new ApprovalsPane(find, facts.words, api, toasts, { open: (session) => desk.open(session), show: () => toApprovals(), isShown: isAtApprovals });
const signInForm = new SignIn(find(".hd-sign-in form"), api, facts.tenant, (session) => {
	memory.signIn(session);
	enter(session);
});

function enter(session) {
	api.token = session.token;
	page.dataset.state = "in";
	find(".hd-agent").textContent = session.agent.name;
	live.open({ token: session.token });
	desk.begin(session.agent);
	approvals.begin();
}

function signOut(said = "") {
	if (page.dataset.state !== "in") return;
	memory.signOut();
	api.token = null;
	live.close();
	page.dataset.state = "signing-in";
	strip.textContent = "";
	desk.end();
	approvals.end();
	toasts.badge(0);
	signInForm.open(said);
}

find(".hd-mark").textContent = facts.logo.slice(0, 1);
find(".hd-logo").textContent = facts.logo;
find(".hd-leave").addEventListener("click", () => {
	live.tell("presence", { presence: "offline" });
	signOut();
});
for (const [value, name] of Object.entries(facts.words.presences)) presence.append(make("option", { value }, name));
presence.value = memory.choice("presence", "online");
presence.addEventListener("change", () => {
	memory.choose("presence", presence.value);
	live.tell("presence", { presence: presence.value });
});
setInterval(() => live.connected && live.tell("presence", { presence: presence.value }), PRESENCE_TOLD_EVERY);

function showSound() {
	const on = memory.choice("sound", false);
	sound.setAttribute("aria-pressed", String(on));
	sound.textContent = on ? "Sound on" : "Sound off";
}
sound.addEventListener("click", () => {
	memory.choose("sound", !memory.choice("sound", false));
	showSound();
	toasts.ring();
});
showSound();

const panels = new Tabs(find(".hd-details .hd-tabs"), (tab) => {
	for (const panel of find(".hd-details").querySelectorAll(".hd-panel")) panel.hidden = panel.id !== `hd-panel-${tab.dataset.panel}`;
});
const toView = (view) => desk.queue.tabs.choose(find(`[data-view="${view}"]`));
const toNeighbour = (step) => {
	const session = desk.queue.neighbour(step);
	if (session) desk.open(session);
};
const toPanel = (name) => {
	panes.show("details");
	panels.choose(find(`[data-panel="${name}"]`));
};
const toApprovals = () => {
	panes.show("approvals");
	approvals.focus();
};
const fromApprovals = () => panes.show(desk.session ? "conversation" : "queue");
const shortcuts = new Shortcuts(find(".hd-keys"), dialogs, memory, {
	j: ["Next conversation", () => toNeighbour(1)],
	k: ["Conversation before", () => toNeighbour(-1)],
	c: ["Claim", () => desk.actions.act("claim")],
	r: ["Write a reply", () => (panes.show("conversation"), desk.reply.focus())],
	i: ["Insert the first suggestion", () => desk.suggestions.insertFirst()],
	n: ["Write a note", () => (toPanel("notes"), find(".hd-note textarea").focus())],
	t: ["Transfer", () => desk.actions.act("transfer")],
	b: ["Return to the bot", () => desk.actions.act("give_back")],
	e: ["Resolve", () => desk.actions.act("resolve")],
	a: ["Approvals", () => (isAtApprovals() ? fromApprovals() : toApprovals())],
	1: ["Waiting", () => toView("waiting")],
	2: ["Mine", () => toView("mine")],
	3: ["All", () => toView("all")],
	4: ["Closed", () => toView("closed")],
});
find(".hd-to-approvals").addEventListener("click", () => (isAtApprovals() ? fromApprovals() : toApprovals()));
find(".hd-from-approvals").addEventListener("click", fromApprovals);
find(".hd-help").addEventListener("click", () => shortcuts.show());

// Signed in or out in another page of this tenant's.
addEventListener("storage", (event) => {
	if (!memory.isSignedIn(event.key)) return;
	const session = memory.signedIn();
	if (!session) signOut();
	else if (session.token !== api.token) location.reload();
});

const kept = memory.signedIn();
if (kept) enter(kept);
else signInForm.open();
