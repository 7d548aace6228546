"""What customers ask and the knowledge does not say, with the beginning of an article for each topic."""

from __future__ import annotations

import re
from html import escape
from io import BytesIO

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.knowledge.gaps import KnowledgeGap, KnowledgeGaps
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from dashboards.charts import Series, lines
from dashboards.clock import days_text
from dashboards.knowledge.cards import card, moment, table

MOST_SHOWN = 20
_CHARTED = 5
_NOT_LOOKED = (
    "Nobody has looked yet. Materialise knowledge_gaps in Dagster, run “helpdesk knowledge gaps TENANT --look”, or "
    "wait: it runs every six hours."
)


def show_gaps(health: KnowledgeHealth, tenant: Tenant) -> pn.viewable.Viewable:
    """The topics that were asked about most, first."""
    found = health.gaps(tenant)
    if found.looked_at is None or found.since is None or found.until is None:
        return card(
            "Topics that the knowledge lacks", "Unanswered questions, grouped by what they ask for", empty=_NOT_LOOKED
        )
    period = days_text(found.since, found.until)
    chart = lines(
        "Unanswered questions of the topics asked most",
        "questions a week",
        period,
        [Series(gap.label, [(week, float(count)) for week, count in gap.trend]) for gap in found.gaps[:_CHARTED]],
        empty=_none(found),
    )
    head = card(
        f"{len(found.gaps)} topics",
        period,
        f"<p>{found.unanswered} questions were not answered from the knowledge; {found.alone} of them are unlike all "
        f"others and belong to no topic. Last looked {escape(moment(found.looked_at, tenant))}.</p>",
        "" if found.gaps else f"<p>{escape(_none(found))}</p>",
    )
    return pn.Column(head, chart, *map(_topic, found.gaps[:MOST_SHOWN]), sizing_mode="stretch_width")


def _none(found: KnowledgeGaps) -> str:
    if not found.unanswered:
        return "Every question of this time was answered."
    return "No two unanswered questions are alike: there is no topic to write about yet."


def _topic(gap: KnowledgeGap) -> pn.viewable.Viewable:
    examples = "".join(f"<li>{escape(each.text)}</li>" for each in gap.examples)
    near = table(
        ("Nearest document", "Section", "Likeness"),
        [(each.document_id, each.section or each.title, f"{each.similarity:.2f}") for each in gap.nearest],
    )
    shown = card(
        f"{gap.rank}. {gap.label}",
        f"{gap.questions} questions",
        f"<h3>As customers ask it</h3><ul>{examples}</ul>",
        near or "<p>No document comes near.</p>",
        f"<details><summary>Draft of an article, {escape(_by(gap))}</summary>"
        f"<pre tabindex='0'>{escape(gap.draft)}</pre></details>",
    )
    name = re.sub(r"[^a-z0-9]+", "-", gap.label.lower()).strip("-") or f"gap-{gap.rank}"
    download = pn.widgets.FileDownload(
        file=BytesIO(gap.draft.encode()),
        filename=f"draft-{name}.md",
        label="Download this draft",
        sizing_mode="fixed",
        width=200,
        margin=(-6, 10, 12, 10),
    )
    return pn.Column(shown, download, sizing_mode="stretch_width")


def _by(gap: KnowledgeGap) -> str:
    return "an outline" if gap.drafted_by == "outline" else f"begun by {gap.drafted_by}"
