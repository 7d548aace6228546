"""The two variants: what serves now, and what a person makes of it."""

from __future__ import annotations

from html import escape
from typing import Any

import panel as pn

from components.core.answers import MOST_PASSAGES
from components.core.errors import InvalidPrompt
from components.core.prompts import UNSAVED_VERSION, PromptTemplate
from components.core.tenant import Tenant
from components.gateway.catalogue import EXTRACTIVE, load_catalogue
from components.gateway.routing import allowed_models
from components.helpdesk.evaluation.answer_run import DEFAULT_TOP_K
from components.helpdesk.model_policy import policy_of
from components.helpdesk.prompt_files import diff_prompts
from components.helpdesk.prompts import Prompts, PromptVersion
from components.retrieval.pipeline_schema import SHIPPED, shipped_pipelines
from components.retrieval.prompt_sandbox import VARIABLES
from components.retrieval.prompting import ANSWER_PROMPT, check_template
from dashboards.desk import Desk
from dashboards.playground.looks import CODE, diff_html, html, said

_VARIABLES = "; ".join(f"in {part}: {', '.join(names)}" for part, names in VARIABLES.items())
AS_NOW, OWN = "as now", "YAML of my own"


class ServingVariant:
    """A: what customers are answered with now."""

    def __init__(self, desk: Desk, tenant: Tenant) -> None:
        self._desk, self._tenant, self._prompts = desk, tenant, Prompts(desk.registry.database)
        self.panel = html()
        self.show()

    def show(self) -> None:
        """Reads it anew."""
        active = self._prompts.active(self._tenant.context)
        version = next(each for each in self._prompts.versions(self._tenant.context) if each.active)
        models = allowed_models(load_catalogue(self._desk.settings.models).models, policy_of(self._tenant.config))
        self.panel.object = (
            "<article><h2>A: what serves now</h2>"
            f"<p>Prompt {escape(label_of(version))}<br>Model {escape(models[0] if models else EXTRACTIVE)}<br>"
            f"Up to {DEFAULT_TOP_K} passages, found by {escape(self._desk.settings.pipeline)}</p>"
            f"<details open><summary>Its prompt</summary><h3>System</h3><pre tabindex=0>{escape(active.system)}</pre>"
            f"<h3>User</h3><pre tabindex=0>{escape(active.user)}</pre></details></article>"
        )


class EditedVariant:
    """B: a prompt, a model, how many passages, and how they are found."""

    def __init__(self, desk: Desk, tenant: Tenant) -> None:
        self._tenant, self._prompts = tenant, Prompts(desk.registry.database)
        models = allowed_models(load_catalogue(desk.settings.models).models, policy_of(tenant.config))
        self.version = pn.widgets.Select(label="Prompt, begun from version", sizing_mode="stretch_width")
        self.system = _editor("System", 11)
        self.user = _editor("User", 13)
        self.model = _select("Model", [AS_NOW, *dict.fromkeys((*models, EXTRACTIVE))])
        self.top_k = pn.widgets.IntInput(
            label="Passages (top_k)", value=DEFAULT_TOP_K, start=1, end=MOST_PASSAGES, width=140
        )
        self.pipeline = _select("Pipeline (fusion)", [AS_NOW, *shipped_pipelines(), OWN])
        self.yaml = _editor("Pipeline, as YAML", 14)
        self.yaml.visible = False
        self._problem, self._difference = html(), html()
        self.panel = pn.Column(
            html("<h2>B: what you try</h2>"),
            self.version,
            html(f"<p class=quiet>Jinja templates. They may use, {_VARIABLES}.</p>"),
            self.system,
            self.user,
            self._problem,
            self._difference,
            pn.FlexBox(self.model, self.top_k, self.pipeline, sizing_mode="stretch_width"),
            self.yaml,
            sizing_mode="stretch_width",
        )
        self.list_versions()
        self.version.param.watch(lambda event: self._begin(event.new), "value")
        self.pipeline.param.watch(lambda event: self._choose_pipeline(event.old, event.new), "value")
        for each in (self.system, self.user):
            each.param.watch(lambda _: self.check(), "value")
        self._begin(self.version.value)

    def list_versions(self, chosen: int | None = None) -> None:
        """Reads anew which there are. chosen: selected then; by default what was, and first the active one."""
        versions = self._prompts.versions(self._tenant.context)
        options = {label_of(each): each.version for each in versions}
        active = next(each.version for each in versions if each.active)
        now = self.version.value if self.version.value in options.values() else active
        self.version.param.update(options=options, value=now if chosen is None else chosen)
        self.check()

    def body(self) -> dict[str, Any]:
        """As the API takes it; what is as now is left out. Raises InvalidPrompt."""
        template = self.template()
        check_template(template)
        saved = self._prompts.get(self._tenant.context, ANSWER_PROMPT, self.version.value)
        same = (saved.system, saved.user) == (template.system, template.user)
        sent: dict[str, Any] = (
            {"prompt_version": saved.version}
            if same
            else {"prompt": {"system": template.system, "user": template.user}}
        )
        if self.model.value != AS_NOW:
            sent["model"] = self.model.value
        if self.top_k.value != DEFAULT_TOP_K:
            sent["top_k"] = self.top_k.value
        if self.pipeline.value != AS_NOW:
            sent["pipeline"] = self.yaml.value if self.pipeline.value == OWN else self.pipeline.value
        return sent

    def template(self) -> PromptTemplate:
        """What is written in the editors now."""
        return PromptTemplate(ANSWER_PROMPT, UNSAVED_VERSION, self.system.value or "", self.user.value or "")

    def check(self) -> None:
        """Shows what keeps the prompt from rendering, at its line, and what it changes."""
        template = self.template()
        try:
            check_template(template)
            problem = ""
        except InvalidPrompt as error:
            problem = said(f"This prompt does not render: {error.message}", "alert") + _line_of(error, template)
        self._problem.object = problem
        active = self._prompts.active(self._tenant.context)
        diff = diff_prompts(active, template).replace(f"version {UNSAVED_VERSION}", "as edited")
        self._difference.object = (
            f"<details><summary>Its difference from the active version {active.version}</summary>{diff_html(diff)}"
            "</details>"
            if diff
            else f"<p class=quiet>The prompt is that of the active version {active.version}.</p>"
        )

    def _begin(self, version: int) -> None:
        template = self._prompts.get(self._tenant.context, ANSWER_PROMPT, version)
        self.system.value, self.user.value = template.system, template.user

    def _choose_pipeline(self, before: str, now: str) -> None:
        self.yaml.visible = now == OWN
        if now == OWN:
            shown = before if before in shipped_pipelines() else "hybrid"
            self.yaml.value = (SHIPPED / f"{shown}.yaml").read_text(encoding="utf-8")


def label_of(version: PromptVersion) -> str:
    """A version in one line."""
    made = f", {version.created_at:%d %b %Y}" if version.created_at else ""
    return f"{version.version}: {version.note} ({version.author}{made}){', active' if version.active else ''}"


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


def _editor(label: str, rows: int) -> pn.widgets.TextAreaInput:
    return pn.widgets.TextAreaInput(
        label=label,
        rows=rows,
        max_length=20_000,
        resizable="height",
        stylesheets=[CODE],
        sizing_mode="stretch_width",
    )


def _select(label: str, options: list[str]) -> pn.widgets.Select:
    return pn.widgets.Select(label=label, options=options, width=180)
