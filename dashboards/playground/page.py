"""The playground: what is tried on the right of what serves, asked one question or a whole set, saved and activated."""

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
from dashboards.playground.looks import beside, html
from dashboards.playground.progress import Progress, on_press
from dashboards.playground.set_view import set_pair
from dashboards.playground.variant import EditedVariant, ServingVariant
from dashboards.playground.versions_view import VersionsView
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
        self._serving, self._edited = ServingVariant(desk, tenant), EditedVariant(desk, tenant)
        self._progress = Progress(desk, viewer)
        self._versions = VersionsView(desk, viewer, tenant, self._edited, self._progress, self._changed)
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
        self._progress.share((ask, run, self._versions.save, self._versions.activate, self._versions.roll_back))
        of_set = pn.Column(self._set, run, self._figures) if sets else html(NO_SET)
        self.panel = pn.Column(
            *([] if desk.registry.serves(tenant) else [html(NO_INDEX)]),
            beside(self._serving.panel, self._edited.panel),
            self._progress.panel,
            pn.Tabs(
                ("One question", pn.Column(self._question, ask, self._answers, sizing_mode="stretch_width")),
                ("Evaluation set", of_set),
                ("Versions", self._versions.panel),
                sizing_mode="stretch_width",
            ),
            sizing_mode="stretch_width",
        )

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
        try:
            variant = self._edited.body()
        except InvalidPrompt as error:
            self._progress.refuse(f"The prompt of B does not render: {error.message}")
            return

        def done(result: Mapping[str, Any]) -> None:
            place.objects = [show(result, datetime.now(UTC))]

        self._progress.start(EVALUATE, {**variant, **asked, "against": {}}, done)

    def _changed(self, chosen: int | None) -> None:
        self._serving.show()
        self._edited.list_versions(chosen)


def _told(version: SetVersion) -> str:
    now = "" if version.active else ", not in use"
    return f"{version.name} {version.version}: {version.queries} questions, {version.kind}{now}"
