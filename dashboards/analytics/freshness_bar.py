"""Up to when the facts tell, and a button that brings them up to date."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from html import escape
from time import monotonic

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.refreshing import FactRefresh
from dashboards.analytics.figure_card import STYLE
from dashboards.clock import local_text
from dashboards.desk import Desk

# For another refresh of the same tenant, Dagster's for instance, to end.
_WAIT = 30.0


class FreshnessBar:
    """`panel` is what it shows. tenants: that are shown now."""

    def __init__(self, desk: Desk, tenants: Callable[[], Sequence[Tenant]], done: Callable[[], None]) -> None:
        """done: is called once the facts have changed."""
        self._desk, self._tenants, self._done = desk, tenants, done
        self._as_of = pn.pane.HTML("", stylesheets=[STYLE], margin=(14, 10, 4, 10), sizing_mode="stretch_width")
        self._button = pn.widgets.Button(label="Refresh", sizing_mode="fixed", width=110, margin=(10, 10))
        self._button.on_click(lambda _: self._refresh())
        self.panel = pn.Row(self._as_of, self._button, sizing_mode="stretch_width")

    def tell(self, refreshed_at: datetime | None, more: str = "") -> None:
        """refreshed_at: as a reader has it. more: what has just been done."""
        tenants = self._tenants()
        if refreshed_at is None:
            which = "some of these tenants" if len(tenants) > 1 else "this tenant"
            said = f"What is known of {which} has not been told to the warehouse yet: Refresh does."
        else:
            said = f"As of {local_text(refreshed_at, tenants[0] if len(tenants) == 1 else None)}."
        self._as_of.object = f"<p class='quiet' role='status'>{escape(said)} {escape(more)}</p>"

    def _refresh(self) -> None:
        tenants, began = self._tenants(), monotonic()
        refresh = FactRefresh(self._desk.registry.database, self._desk.warehouse)
        self._button.param.update(disabled=True, label="Refreshing…")
        try:
            rows = sum(sum(refresh.refresh(tenant, wait=_WAIT).rows.values()) for tenant in tenants)
            self._done()
            at = self._desk.reports.open(tenants)
            with at:
                self.tell(at.refreshed_at, f"Refreshed in {monotonic() - began:.1f} s: {rows:,} rows told anew.")
        finally:
            self._button.param.update(disabled=False, label="Refresh")
