"""The playground: two variants beside each other, asked one question or a whole set, saved and activated."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import panel as pn

from components.core.answers import LONGEST_QUESTION
from components.core.errors import InvalidPrompt
from components.core.tenant import Tenant
from components.helpdesk.evaluation.sets import EvaluationSets, SetVersion
from dashboards.desk import Desk
from dashboards.playground.answers_view import answer_pair
from dashboards.playground.drafts import Drafts
from dashboards.playground.leaving import Leaving
from dashboards.playground.looks import PLAIN_BUTTON, beside, html
from dashboards.playground.progress import Progress, on_press
from dashboards.playground.set_view import set_pair
from dashboards.playground.variant import Variant
from dashboards.playground.versions_view import VersionsView
from dashboards.tabs import addressed_tabs
from dashboards.viewer import Viewer

EVALUATE = "/playground/evaluate"
NO_INDEX = (
    "<p role=alert>This tenant has no knowledge that is served yet, so nothing can be asked: `helpdesk ingest` makes "
    "it from the tenant's sources.</p>"
)
NO_SET = (
    "<p>This tenant has no evaluation set yet. `helpdesk evaluation-set import` takes one, a set of "
    "questions with their relevant documents; `helpdesk evaluation-set draft` proposes one from conversations.</p>"
)


def page(desk: Desk, viewer: Viewer) -> pn.viewable.Viewable:
    """Of one tenant; for several it asks to choose one."""
    if viewer.tenant is None:
        return html("<p>Choose one tenant above to try its prompts.</p>")
    return _Playground(desk, viewer, viewer.tenant).panel


class _Playground:
    """What the parts of the page share: two variants, and one piece of work at once."""

    def __init__(self, desk: Desk, viewer: Viewer, tenant: Tenant) -> None:
        self._drafts, self._heads = Drafts(), (html(), html())
        self._a = Variant("A", desk, tenant, self._drafts, self._look)
        self._b = Variant("B", desk, tenant, self._drafts, self._look, lambda: ("A", self._a.prompt.template))
        self._serve = pn.widgets.Button(label="A = what serves now", stylesheets=[PLAIN_BUTTON], width=180)
        self._copy = pn.widgets.Button(label="Copy A to B", stylesheets=[PLAIN_BUTTON], width=120)
        self._leaving = Leaving([area for each in (self._a, self._b) for area in each.editors])
        self._progress = Progress(desk, viewer)
        self._versions = VersionsView(desk, viewer, tenant, (self._a, self._b), self._progress, self._changed)
        self._answers, self._figures = (pn.Column(sizing_mode="stretch_width", margin=0) for _ in range(2))
        self._question = pn.widgets.TextInput(
            label="Question", max_length=LONGEST_QUESTION, sizing_mode="stretch_width"
        )
        ask = pn.widgets.Button(label="Ask both", color="primary", width=140)
        on_press(ask, self._ask)
        sets = {_told(each): each for each in EvaluationSets(desk.registry.database).versions(tenant.context)}
        self._set = pn.widgets.Select(label="Evaluation set", options=sets, sizing_mode="stretch_width")
        run = pn.widgets.Button(label="Run both over the set", color="primary", width=200)
        on_press(run, self._run)
        self._progress.share((ask, run, *self._versions.buttons))
        of_set = pn.Column(self._set, run, self._figures) if sets else html(NO_SET)
        self.panel = pn.Column(
            *([] if desk.registry.serves(tenant) else [html(NO_INDEX)]),
            self._variants(),
            self._progress.panel,
            addressed_tabs(
                {
                    "One question": pn.Column(self._question, ask, self._answers, sizing_mode="stretch_width"),
                    "Evaluation set": of_set,
                    "Versions": self._versions.panel,
                }
            ),
            self._leaving.panel,
            sizing_mode="stretch_width",
        )
        self._look()

    def _variants(self) -> pn.viewable.Viewable:
        on_press(self._serve, self._a.serve)
        on_press(self._copy, lambda: self._b.take(self._a))
        left, right = (
            pn.Column(head, each.panel, sizing_mode="stretch_width")
            for head, each in zip(self._heads, (self._a, self._b), strict=True)
        )
        buttons = pn.FlexBox(self._serve, self._copy, sizing_mode="stretch_width")
        return pn.Column(buttons, beside(left, right), sizing_mode="stretch_width", margin=0)

    def _look(self) -> None:
        """One of the variants is another now."""
        self._serves, same = self._a.serves, self._a.choices == self._b.choices
        self._serve.disabled, self._copy.disabled = self._serves, same
        self._heads[0].object = f"<h2>A: {'what serves now' if self._serves else 'what you compare with'}</h2>"
        self._heads[1].object = f"<h2>B: what you try{', as yet the same as A' if same else ''}</h2>"
        for each in (self._a, self._b):
            each.prompt.check()
        self._leaving.tell(unsaved=self._a.unsaved or self._b.unsaved or any(self._drafts))

    def _ask(self) -> None:
        question = (self._question.value or "").strip()
        if not question:
            self._progress.refuse("Write a question first.")
            return
        self._evaluate({"test_queries": [question]}, self._answers, answer_pair)

    def _run(self) -> None:
        chosen: SetVersion = self._set.value
        self._evaluate({"set": chosen.name, "set_version": chosen.version}, self._figures, set_pair)

    def _evaluate(self, asked: Mapping[str, Any], place: pn.Column, show: Any) -> None:
        """Asks it of both variants."""
        bodies = []
        for name, variant in (("A", self._a), ("B", self._b)):
            try:
                bodies.append(variant.body())
            except InvalidPrompt as error:
                self._progress.refuse(f"The prompt of {name} does not render: {error.message}")
                return

        def done(result: Mapping[str, Any]) -> None:
            place.objects = [show(result, datetime.now(UTC))]

        self._progress.start(EVALUATE, {**bodies[1], **asked, "against": bodies[0]}, done)

    def _changed(self, saved: Variant | None, version: int) -> None:
        """Another version is active, or what stands in `saved` has become one."""
        if saved is not None:
            self._drafts.drop(saved.prompt.text)
            saved.prompt.put(version)
        elif self._serves:
            self._a.serve()
        for each in (self._a, self._b):
            each.prompt.list_origins()
        self._look()


def _told(version: SetVersion) -> str:
    now = "" if version.active else ", not in use"
    return f"{version.name} {version.version}: {version.queries} questions, {version.kind}{now}"
