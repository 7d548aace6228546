"""Knowledge health of one tenant, for whoever looks after its documents."""

from __future__ import annotations

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.filters import last_days
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from components.helpdesk.reports.reports import Reports
from dashboards.clock import days_text, today
from dashboards.desk import Desk
from dashboards.knowledge.conflicts import show_conflicts
from dashboards.knowledge.freshness import show_checks, show_freshness
from dashboards.knowledge.gaps import show_gaps
from dashboards.knowledge.quoted import show_citations
from dashboards.tabs import addressed_tabs
from dashboards.viewer import Viewer

_PERIODS = {"7 days": 7, "30 days": 30, "90 days": 90, "a year": 365}


def page(desk: Desk, viewer: Viewer) -> pn.viewable.Viewable:
    """Of the one tenant that is shown; for several it asks to choose."""
    tenant = viewer.tenant
    if tenant is None:
        return pn.pane.Markdown("Choose one tenant above: knowledge is looked after tenant by tenant.")
    health = KnowledgeHealth(desk.registry.database, Reports(desk.warehouse))
    period = pn.widgets.RadioButtonGroup(
        label="Period", options=_PERIODS, value=30, sizing_mode="stretch_width", max_width=420, margin=(12, 10)
    )
    dated = pn.Column(*_dated(health, tenant, 30), sizing_mode="stretch_width")
    pn.bind(lambda days: dated.param.update(objects=_dated(health, tenant, days)), period, watch=True)
    conflicts = show_conflicts(health, tenant, viewer)
    return addressed_tabs(
        {
            "Freshness and use": pn.Column(period, dated, sizing_mode="stretch_width"),
            "Checks": show_checks(health, tenant),
            "Contradictions": conflicts,
            "Gaps": show_gaps(health, tenant),
        }
    )


def _dated(health: KnowledgeHealth, tenant: Tenant, days: int) -> list[pn.viewable.Viewable]:
    filters = last_days(today([tenant]), days)
    said = days_text(filters.since, filters.until)
    return [*show_freshness(health, tenant, filters, said), *show_citations(health, tenant, filters, said)]
