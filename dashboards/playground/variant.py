"""One of the two variants: a prompt, a model, how many passages, and how they are found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import panel as pn

from components.core.answers import MOST_PASSAGES
from components.core.prompts import PromptTemplate
from components.core.tenant import Tenant
from components.gateway.catalogue import EXTRACTIVE, load_catalogue
from components.gateway.routing import allowed_models
from components.helpdesk.evaluation.answer_run import DEFAULT_TOP_K
from components.helpdesk.model_policy import policy_of
from components.helpdesk.prompts import Prompts
from components.retrieval.pipeline_schema import SHIPPED, shipped_pipelines
from components.retrieval.prompting import ANSWER_PROMPT, check_template
from dashboards.desk import Desk
from dashboards.playground.drafts import Drafts
from dashboards.playground.prompt_editor import PromptEditor, text_area

AS_NOW, OWN = "", "YAML of my own"


class Variant:
    """It begins as what serves now. changed: called whenever it is another."""

    def __init__(
        self,
        name: str,
        desk: Desk,
        tenant: Tenant,
        drafts: Drafts,
        changed: Callable[[], None],
        beside: Callable[[], tuple[str, PromptTemplate]] | None = None,
    ) -> None:
        """beside: what its prompt's difference is shown from, and its name; by default the active version."""
        self._tenant, self._prompts, self._changed = tenant, Prompts(desk.registry.database), changed
        models = allowed_models(load_catalogue(desk.settings.models).models, policy_of(tenant.config))
        self.prompt = PromptEditor(name, self._prompts, tenant.context, drafts, beside or self._active, changed)
        self.model = _select(
            f"{name}: model",
            {f"as now: {next(iter(models), EXTRACTIVE)}": AS_NOW, **_named(*dict.fromkeys((*models, EXTRACTIVE)))},
        )
        self.top_k = pn.widgets.IntInput(
            label=f"{name}: passages (top_k)", value=DEFAULT_TOP_K, start=1, end=MOST_PASSAGES, width=150
        )
        self.pipeline = _select(
            f"{name}: pipeline (fusion)",
            {f"as now: {desk.settings.pipeline}": AS_NOW, **_named(*shipped_pipelines(), OWN)},
        )
        self.yaml = text_area(f"{name}: pipeline, as YAML", 14)
        self.yaml.visible = False
        self._filled = ""
        self.panel = pn.Column(
            self.prompt.panel,
            pn.FlexBox(self.model, self.top_k, self.pipeline, sizing_mode="stretch_width"),
            self.yaml,
            sizing_mode="stretch_width",
        )
        self.pipeline.param.watch(lambda event: self._choose_pipeline(event.old, event.new), "value")
        for each in (self.model, self.top_k, self.pipeline, self.yaml):
            each.param.watch(lambda _: self._changed(), "value")

    @property
    def editors(self) -> tuple[pn.widgets.TextAreaInput, ...]:
        return self.prompt.system, self.prompt.user, self.yaml

    @property
    def choices(self) -> tuple[Any, ...]:
        """All that makes it what it is: equal of two variants that are the same."""
        own = self.yaml.value if self.pipeline.value == OWN else None
        return self.prompt.text, self.model.value, self.top_k.value, self.pipeline.value, own

    @property
    def serves(self) -> bool:
        """Whether it is what customers are answered with now."""
        active = self._active()[1]
        return self.choices == ((active.system, active.user), AS_NOW, DEFAULT_TOP_K, AS_NOW, None)

    @property
    def unsaved(self) -> bool:
        """Whether there is a text here that is nowhere else."""
        return self.prompt.saved is None or (self.pipeline.value == OWN and self.yaml.value != self._filled)

    def serve(self) -> None:
        """Makes it what serves now; edits become a draft."""
        self.prompt.put(self.prompt.active_version())
        self.model.value, self.top_k.value, self.pipeline.value = AS_NOW, DEFAULT_TOP_K, AS_NOW

    def take(self, other: Variant) -> None:
        """Makes it what the other is; edits become a draft."""
        self.prompt.put(other.prompt.origin.value, other.prompt.text)
        self.model.value, self.top_k.value = other.model.value, other.top_k.value
        self.pipeline.value, self.yaml.value = other.pipeline.value, other.yaml.value

    def body(self) -> dict[str, Any]:
        """As the API takes it; what is as now is left out. Raises InvalidPrompt."""
        template, saved = self.prompt.template, self.prompt.saved
        check_template(template)
        sent: dict[str, Any] = (
            {"prompt": {"system": template.system, "user": template.user}}
            if saved is None
            else {"prompt_version": saved}
        )
        if self.model.value != AS_NOW:
            sent["model"] = self.model.value
        if self.top_k.value != DEFAULT_TOP_K:
            sent["top_k"] = self.top_k.value
        if self.pipeline.value != AS_NOW:
            sent["pipeline"] = self.yaml.value if self.pipeline.value == OWN else self.pipeline.value
        return sent

    def _active(self) -> tuple[str, PromptTemplate]:
        active = self._prompts.active(self._tenant.context, ANSWER_PROMPT)
        return f"the active version {active.version}", active

    def _choose_pipeline(self, before: str, now: str) -> None:
        self.yaml.visible = now == OWN
        if now == OWN and self.yaml.value in ("", None, self._filled):
            shown = before if before in shipped_pipelines() else "hybrid"
            self.yaml.value = self._filled = (SHIPPED / f"{shown}.yaml").read_text(encoding="utf-8")


def _named(*values: str) -> dict[str, str]:
    return {each: each for each in values}


def _select(label: str, options: dict[str, str]) -> pn.widgets.Select:
    return pn.widgets.Select(label=label, options=options, value=AS_NOW, width=200)
