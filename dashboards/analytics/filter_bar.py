"""What is counted: period, channel, topic, model and tenant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.choices import Choices
from components.helpdesk.reports.filters import NONE, Filters
from dashboards.analytics.asked import FREE, PERIODS, Asked
from dashboards.analytics.wording import in_words
from dashboards.theme import QUIET

# On a phone two beside each other; From … to, the second of them, needs its width.
_TWO = """
@media (max-width: 560px) {
  [id^=flex-item]:not([id^=flex-item-1-]) > * { width: calc(50% - 20px) !important; min-width: 0 !important; }
}
"""
_LISTS = {"channels": ("Channel", "no channel"), "intents": ("Topic", "no topic"), "models": ("Model", "no model")}


class FilterBar:
    """`panel` is what it shows. tenants: of which some can be chosen, where there are several."""

    def __init__(
        self,
        asked: Asked,
        filters: Filters,
        found: Choices,
        tenants: Sequence[Tenant],
        changed: Callable[[Asked], None],
    ) -> None:
        """changed: is told what is asked for now."""
        self._asked, self._changed, self._quiet = asked, changed, False
        self._period = pn.widgets.Select(
            label="Period", options={said: key for key, said in PERIODS.items()}, value=asked.period, width=160
        )
        self._days = pn.widgets.DateRangePicker(
            label="From … to", value=(filters.since, filters.until), width=230, visible=asked.period == FREE
        )
        self._lists = {
            name: _several(label, _options(getattr(found, name), getattr(asked, name), none), getattr(asked, name))
            for name, (label, none) in _LISTS.items()
        }
        if len(tenants) > 1:
            options = {each.name: each.domain for each in tenants}
            self._lists["domains"] = _several("Tenant", options, asked.domains)
        widgets = (self._period, self._days, *self._lists.values())
        self.panel = pn.FlexBox(*widgets, stylesheets=[_TWO], sizing_mode="stretch_width", gap="0")
        for widget in widgets:
            widget.param.watch(lambda _: self._told(), "value")

    def set_days(self, since: date, until: date) -> None:
        """As if somebody had chosen these."""
        self._quiet = True
        self._days.value = (since, until)
        self._period.value = FREE
        self._quiet = False
        self._told()

    def _told(self) -> None:
        if self._quiet:
            return
        period, (since, until) = self._period.value, self._days.value or (None, None)
        self._days.visible = period == FREE
        if period == FREE and (since is None or until is None):
            return
        chosen: dict[str, Any] = {name: tuple(widget.value) for name, widget in self._lists.items()}
        days = {"since": since, "until": until} if period == FREE else {"since": None, "until": None}
        asked = replace(self._asked, period=period, **days, **chosen)
        if asked != self._asked:
            self._asked = asked
            self._changed(asked)


def _several(label: str, options: dict[str, str], chosen: Sequence[str]) -> pn.widgets.MultiChoice:
    return pn.widgets.MultiChoice(
        label=label,
        options=options,
        value=list(chosen),
        placeholder="all",
        width=210,
        delete_button=True,
        solid=False,
        stylesheets=[f".choices__input::placeholder {{ color: {QUIET}; opacity: 1; }}"],
    )


def _options(found: Sequence[str], chosen: Sequence[str], none: str) -> dict[str, str]:
    """What is asked for stays to be seen, though nothing of it be known."""
    return {(in_words(each) if each != NONE else none): each for each in dict.fromkeys([*found, *chosen])}
