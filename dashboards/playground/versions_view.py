"""A prompt's versions: saved from the editor, activated through the gate, and the way back; each with its figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import panel as pn

from components.core.errors import HelpdeskError, InvalidPrompt, WorseThanActive
from components.core.tenant import Tenant
from components.helpdesk.prompts import LONGEST_NOTE, Prompts, PromptVersion
from components.retrieval.prompting import ANSWER_PROMPT, check_template
from dashboards.desk import Desk
from dashboards.playground.api_work import call
from dashboards.playground.looks import PLAIN_BUTTON, html, money, percent, said, table
from dashboards.playground.progress import Progress, on_press, sentence
from dashboards.playground.prompt_editor import label_of
from dashboards.playground.set_view import differences_html, verdict_html
from dashboards.playground.variant import Variant
from dashboards.viewer import Viewer

PATH = f"/playground/prompts/{ANSWER_PROMPT}"
DAYS = 30


class VersionsView:
    """changed: called whenever a version is active, or has been made of what stands in a variant."""

    def __init__(
        self,
        desk: Desk,
        viewer: Viewer,
        tenant: Tenant,
        variants: tuple[Variant, Variant],
        progress: Progress,
        changed: Callable[[Variant | None, int], None],
    ) -> None:
        self._desk, self._viewer, self._tenant = desk, viewer, tenant
        self._progress, self._changed = progress, changed
        self._prompts = Prompts(desk.registry.database)
        self._currency: str | None = None
        self._history, self._saved, self._told, self._outcome = (html() for _ in range(4))
        self._note = pn.widgets.TextInput(
            label="Note: what is it for?", max_length=LONGEST_NOTE, sizing_mode="stretch_width"
        )
        a, b = variants
        save_b = pn.widgets.Button(label="Save B as a version", color="primary", width=180)
        save_a = pn.widgets.Button(label="Save A as a version", stylesheets=[PLAIN_BUTTON], width=180)
        self._version = pn.widgets.Select(label="Version", sizing_mode="stretch_width")
        self._anyway = pn.widgets.TextInput(
            label="Reason, where it is worse",
            max_length=LONGEST_NOTE,
            sizing_mode="stretch_width",
        )
        activate = pn.widgets.Button(label="Measure, and activate", color="primary", width=180)
        roll_back = pn.widgets.Button(label="Back to the version before", stylesheets=[PLAIN_BUTTON], width=220)
        on_press(save_a, lambda: self._telling(self._saved, lambda: self._save(a)))
        on_press(save_b, lambda: self._telling(self._saved, lambda: self._save(b)))
        on_press(activate, self._activate)
        roll_back.on_click(lambda _: self._telling(self._told, self._roll_back))
        self.buttons = (save_a, save_b, activate, roll_back)
        self.panel = pn.Column(
            html("<h2>Save</h2>"),
            self._note,
            pn.FlexBox(save_b, save_a, sizing_mode="stretch_width"),
            self._saved,
            html(
                "<h2>Activate</h2><p>It is asked all evaluation sets first, as the active version is. Where it answers "
                "worse it is refused, unless a reason is given, which the audit log keeps.</p>"
            ),
            self._version,
            self._anyway,
            activate,
            self._told,
            self._outcome,
            html("<h2>Versions</h2>"),
            self._history,
            roll_back,
            sizing_mode="stretch_width",
        )
        self.list_versions()

    def list_versions(self, chosen: int | None = None) -> None:
        """Reads them and their figures anew. chosen: the one to activate next."""
        versions = self._prompts.versions(self._tenant.context)
        self._version.options = {label_of(each): each.version for each in versions}
        self._version.value = versions[0].version if chosen is None else chosen
        try:
            asked = {"prompt_id": ANSWER_PROMPT, "days": DAYS}
            found = call(self._desk, self._viewer, "GET", "/playground/metrics", params=asked)
        except HelpdeskError as error:
            self._history.object = said(sentence(error.message), "alert")
            return
        figures = {each["version"]: each for each in found["versions"]}
        self._currency = next((each["currency"] for each in figures.values() if each["currency"]), None)
        rows = [_row(each, figures[each.version]) for each in versions if each.version in figures]
        names = ["Version", "Answers", "Median", "Slowest 5 %", "Cost", "Answered right", "Thumbs up"]
        self._history.object = table(names, rows) + (
            f'<p class="quiet">Answers, times and cost are of customers in the last {DAYS} days, or of the last '
            "evaluation where there are none (*). Bounds hold the true value 95 times of 100.</p>"
        )

    def _save(self, variant: Variant) -> None:
        template = variant.prompt.template
        check_template(template)
        note = (self._note.value or "").strip()
        if not note:
            self._saved.object = said("A note is needed: say in a few words what this version is for.", "alert")
            return
        known = {each.version for each in self._prompts.versions(self._tenant.context)}
        body = {"system": template.system, "user": template.user, "note": note}
        version = call(self._desk, self._viewer, "POST", f"{PATH}/versions", json=body)["version"]
        self._note.value = ""
        self._changed(variant, version)
        self.list_versions(version)
        self._saved.object = said(
            f"Nothing was saved: version {version} says the same already."
            if version in known
            else f"Saved as version {version}. It is not active yet."
        )

    def _activate(self) -> None:
        version: int = self._version.value
        body: dict[str, Any] = {"version": version}
        if anyway := (self._anyway.value or "").strip():
            body["anyway"] = anyway
        self._saved.object = self._told.object = self._outcome.object = ""
        self._progress.start(f"{PATH}/activate", body, self._activated, lambda error: self._refused(error, version))

    def _activated(self, result: Mapping[str, Any]) -> None:
        version, comparison = result["version"], result["comparison"]
        self._told.object = said(f"Version {version} is active, after version {result['before']}.")
        self._anyway.value = ""
        self._changed(None, version)
        self.list_versions(version)
        self._outcome.object = (
            self._compared(comparison, version)
            if comparison
            else f"<article><p>Not measured: {escape(result['reason'])}.</p></article>"
        )

    def _refused(self, error: HelpdeskError, version: int) -> None:
        if not isinstance(error, WorseThanActive) or not error.comparison:
            self._told.object = said(f"Nothing was activated: {error.message}", "alert")
            return
        self.list_versions(version)
        told = (
            f"Nothing was activated: version {version} answers worse. Write a reason above to activate it all the same."
        )
        self._told.object = said(told, "alert")
        self._outcome.object = self._compared(error.comparison, version)

    def _compared(self, comparison: Mapping[str, Any], version: int) -> str:
        figures = differences_html(comparison, self._currency)
        return f"<article>{verdict_html(comparison, f'Version {version}')}{figures}</article>"

    def _roll_back(self) -> None:
        version = call(self._desk, self._viewer, "POST", f"{PATH}/rollback")["version"]
        self._told.object = said(f"Version {version} is active again.")
        self._changed(None, version)
        self.list_versions(version)

    def _telling(self, place: pn.pane.HTML, act: Callable[[], None]) -> None:
        """What goes wrong is said where the button is."""
        place.object = ""
        try:
            act()
        except InvalidPrompt as error:
            place.object = said(f"This prompt does not render: {error.message}", "alert")
        except HelpdeskError as error:
            place.object = said(sentence(error.message), "alert")


def _row(version: PromptVersion, found: Mapping[str, Any]) -> list[str]:
    star = "*" if found["measured_on"] == "evaluation" else ""

    def told(value: float | None) -> str:
        return "–" if value is None else f"{value:,.0f} ms{star}"

    cost = "–" if found["cost"] is None else escape(money(found["cost"], found["currency"])) + star
    measured = f'<br><span class="quiet">{escape(found["set_name"])}</span>' if found["set_name"] else ""
    thumbs = f" of {found['thumbs']}" if found["thumbs"] else ""
    return [
        f"<b>{escape(label_of(version))}</b>" if version.active else escape(label_of(version)),
        f"{found['answers']:,}",
        told(found["latency_ms_p50"]),
        told(found["latency_ms_p95"]),
        cost,
        percent(found["accuracy"]) + measured,
        percent(found["thumbs_up"]) + thumbs,
    ]
