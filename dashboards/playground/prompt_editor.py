"""A variant's prompt: begun from a version or a draft, edited, checked as it is written, and never lost unasked."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from time import sleep

import panel as pn

from components.core.errors import InvalidPrompt
from components.core.prompts import UNSAVED_VERSION, PromptTemplate
from components.core.tenant import TenantContext
from components.helpdesk.prompt_files import diff_prompts
from components.helpdesk.prompts import Prompts, PromptVersion
from components.retrieval.prompt_sandbox import VARIABLES
from components.retrieval.prompting import ANSWER_PROMPT, check_template
from dashboards.playground.drafts import Draft, Drafts, Text
from dashboards.playground.looks import CODE, PLAIN_BUTTON, diff_html, html, said
from dashboards.playground.progress import SETTLING

_VARIABLES = "; ".join(f"in {part}: {', '.join(names)}" for part, names in VARIABLES.items())
# On a phone both variants stand below each other, and what asks them below both.
_LOW = "@media (max-width: 560px) { textarea { height: 9.5em !important; } }"

Origin = int | Draft


class PromptEditor:
    """changed: called whenever the text is another. reference: what its difference is shown from, its name first."""

    def __init__(
        self,
        name: str,
        prompts: Prompts,
        tenant: TenantContext,
        drafts: Drafts,
        reference: Callable[[], tuple[str, PromptTemplate]],
        changed: Callable[[], None],
    ) -> None:
        self._prompts, self._tenant, self._drafts = prompts, tenant, drafts
        self._reference, self._changed = reference, changed
        self._moving = False
        self.origin = pn.widgets.Select(label=f"{name}: prompt, begun from", sizing_mode="stretch_width")
        self.system = text_area(f"{name}: system", 11, _LOW)
        self.user = text_area(f"{name}: user", 13, _LOW)
        self._problem, self._difference, self._kept = html(), html(), html()
        self._back = pn.widgets.Button(label="Go back", stylesheets=[PLAIN_BUTTON], width=180)
        self._note = pn.Row(self._kept, self._back, visible=False, sizing_mode="stretch_width")
        self._draft: Draft | None = None
        self.panel = pn.Column(
            self.origin,
            self._note,
            self.system,
            self.user,
            html(f"<p class=quiet>Jinja templates. They may use, {_VARIABLES}.</p>"),
            self._problem,
            self._difference,
            sizing_mode="stretch_width",
        )
        active = self.active_version()
        self._list(active)
        self.system.value, self.user.value = self._text_of(active)
        drafts.on_change(self.list_origins)
        self.origin.param.watch(lambda event: self._choose(event.old, event.new), "value")
        self._back.on_click(lambda _: self._go_back())
        for each in (self.system, self.user):
            each.param.watch(lambda _: self._written(), "value")

    @property
    def text(self) -> Text:
        """As it stands in the editors now."""
        return self.system.value or "", self.user.value or ""

    @property
    def template(self) -> PromptTemplate:
        return PromptTemplate(ANSWER_PROMPT, UNSAVED_VERSION, *self.text)

    @property
    def saved(self) -> int | None:
        """The version that stands here unedited; None where it is of nobody's but this page's."""
        begun = self.origin.value
        return begun if isinstance(begun, int) and self.text == self._text_of(begun) else None

    def active_version(self) -> int:
        return self._prompts.active(self._tenant, ANSWER_PROMPT).version

    def put(self, origin: Origin, text: Text | None = None) -> None:
        """Another text in place of this one; without it, that of `origin`. Edits of this one become a draft."""
        self._replace(self.origin.value, origin, self._text_of(origin) if text is None else text)

    def list_origins(self) -> None:
        """Reads anew which versions and drafts there are."""
        self._list(self.origin.value)

    def check(self) -> None:
        """Shows what keeps the prompt from rendering, at its line, and what it changes."""
        template = self.template
        try:
            check_template(template)
            problem = ""
        except InvalidPrompt as error:
            problem = said(f"This prompt does not render: {error.message}", "alert") + _line_of(error, template)
        self._problem.object, self._problem.visible = problem, bool(problem)
        name, other = self._reference()
        diff = diff_prompts(other, template, names=(name, "as it stands here"))
        self._difference.object = (
            f"<details><summary>Its difference from {name}</summary>{diff_html(diff)}</details>"
            if diff
            else f"<p class=quiet>The prompt is that of {name}.</p>"
        )

    def _choose(self, old: Origin, new: Origin) -> None:
        if not self._moving:
            sleep(SETTLING)
            self._replace(old, new, self._text_of(new))

    def _replace(self, old: Origin, new: Origin, text: Text) -> None:
        left = self.text
        self._draft = None
        if left not in (text, self._text_of(old)):
            self._draft = self._drafts.keep(_version(old), left)
            number = self._draft.number
            self._kept.object = said(f"Your edits of version {self._draft.version} are kept as draft {number}.")
            self._back.label = f"Go back to draft {number}"
        self._note.visible = self._draft is not None
        self._moving = True
        try:
            self._list(new)
            self.system.value, self.user.value = text
        finally:
            self._moving = False
        self._written()

    def _go_back(self) -> None:
        if self._draft is not None:
            self.put(self._draft)

    def _written(self) -> None:
        if not self._moving:
            self._changed()

    def _list(self, chosen: Origin) -> None:
        versions = self._prompts.versions(self._tenant, ANSWER_PROMPT)
        drafts = dict.fromkeys([*self._drafts, *([chosen] if isinstance(chosen, Draft) else [])])
        options: dict[str, Origin] = {
            **{each.label: each for each in drafts},
            **{label_of(each): each.version for each in versions},
        }
        before, self._moving = self._moving, True
        self.origin.param.update(options=options, value=chosen)
        self._moving = before

    def _text_of(self, origin: Origin) -> Text:
        if isinstance(origin, Draft):
            return origin.text
        found = self._prompts.get(self._tenant, ANSWER_PROMPT, origin)
        return found.system, found.user


def label_of(version: PromptVersion) -> str:
    """A version in one line."""
    made = f", {version.created_at:%d %b %Y}" if version.created_at else ""
    return f"{version.version}: {version.note} ({version.author}{made}){', active' if version.active else ''}"


def text_area(label: str, rows: int, *more: str) -> pn.widgets.TextAreaInput:
    """A place for code."""
    return pn.widgets.TextAreaInput(
        label=label,
        rows=rows,
        max_length=20_000,
        resizable="height",
        stylesheets=[CODE, *more],
        sizing_mode="stretch_width",
    )


def _version(origin: Origin) -> int:
    return origin.version if isinstance(origin, Draft) else origin


def _line_of(error: InvalidPrompt, template: PromptTemplate) -> str:
    """The line that the message names, with its neighbours."""
    part, _, rest = error.message.partition(", line ")
    number = rest.partition(":")[0]
    if part not in ("system", "user") or not number.isdigit():
        return ""
    lines = getattr(template, part).splitlines()
    at = int(number)
    near = range(max(1, at - 1), min(len(lines), at + 1) + 1)
    shown = "".join(
        f"<del>{each:3} {escape(lines[each - 1])}</del>" if each == at else f"{each:3} {escape(lines[each - 1])}\n"
        for each in near
    )
    return f"<pre>{shown}</pre>"
