"""Which documents answers quote, and which none does."""

from __future__ import annotations

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.knowledge.citations import ENOUGH, Citations
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from dashboards.charts import Series, bars
from dashboards.clock import day_text
from dashboards.knowledge.cards import card, moment, table

_CHARTED = 10
_NOT_READ = (
    "No answers were read into the analytics store yet. Materialise its asset in Dagster; “helpdesk demo traffic” "
    "makes conversations to try with."
)


def show_citations(
    health: KnowledgeHealth, tenant: Tenant, filters: Filters, period: str
) -> list[pn.viewable.Viewable]:
    """period: the filters' days in words."""
    found = health.citations(tenant, filters)
    names = {each.document_id: found.titles.get(each.document_id, each.document_id) for each in found.cited}
    chart = bars(
        "Documents quoted most",
        "times that an answer quotes it",
        period,
        [Series("quoted", [(names[each.document_id], float(each.citations)) for each in found.cited[:_CHARTED]])],
        empty=_NOT_READ if found.refreshed_at is None else "No answer quoted a document in this time.",
        horizontal=True,
    )
    cited = table(
        ("Document", "Title", "Quoted", "In answers", "Thumbs up", "Thumbs down"),
        [
            (
                each.document_id,
                found.titles.get(each.document_id, "deleted"),
                each.citations,
                each.answers,
                each.thumbs_up,
                each.thumbs_down,
            )
            for each in found.cited
        ],
    )
    most = card("Quoted most, with customers' thumbs", period, cited, empty="No answer quoted a document in this time.")
    return [chart, most, _uncited(found, tenant, period)]


def _uncited(found: Citations, tenant: Tenant, period: str) -> pn.viewable.Viewable:
    rows = [
        (each.document_id, each.title, moment(each.updated_at, tenant), day_text(each.last_day) or "never")
        for each in found.uncited
    ]
    told = table(("Document", "Title", "Text since", "Quoted last"), rows)
    return card(
        f"Quoted by no answer: {len(rows)} of {found.documents}", f"{period}. {_weight(found)}", told, empty="None."
    )


def _weight(found: Citations) -> str:
    if not found.enough or found.at_most is None:
        return (
            f"Only {found.answers} answers quote anything, and {ENOUGH} are needed before this says that a document is "
            "not asked for: wait, or choose a longer period."
        )
    return (
        f"Of {found.answers} answers none quotes them: each is needed for at most {found.at_most:.1%} of what is asked "
        "(with 95 % confidence)."
    )
