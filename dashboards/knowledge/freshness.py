"""How soon changes at the sources reach customers, and what the checks of the knowledge say."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.reports.filters import Filters, last_days
from components.helpdesk.reports.knowledge.checks import CheckSpell
from components.helpdesk.reports.knowledge.freshness import Delays, SourceFreshness
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from dashboards.charts import Series, bars
from dashboards.knowledge.cards import card, duration, moment, table

_NO_SOURCE = (
    "No source was read yet. Declare one in a defs.yaml (see the low-code page) and run raw_documents in Dagster."
)
_NO_CHECK = "No check has run yet. Materialise the tenant's knowledge in Dagster: its checks run along."


def show_freshness(
    health: KnowledgeHealth, tenant: Tenant, filters: Filters, period: str
) -> list[pn.viewable.Viewable]:
    """period: the filters' days in words."""
    sources = health.freshness(tenant, filters)
    chart = bars(
        "From a change at the source to answers from it",
        "minutes",
        period,
        [Series("median", _minutes(sources, "median")), Series("nine of ten within", _minutes(sources, "p90"))],
        empty="Nothing changed in this time, or nothing took effect: choose a longer period.",
        horizontal=True,
    )
    columns = ("Source", "Documents", "Last read", "Waiting", "Changed → answered from", "Deleted → no longer told")
    rows = [
        (
            escape(each.source),
            each.documents,
            _read(each, tenant),
            _waiting(each, tenant),
            _told(each.answerable),
            _told(each.unanswerable),
        )
        for each in sources
    ]
    about = (
        f"Changes that took effect from {period}. A change counts from the time that its source gives; where that "
        "cannot be, from when it was seen, as every deletion does."
    )
    return [chart, card("Sources", about, table(columns, rows, raw=(0, 2, 3)), empty=_NO_SOURCE)]


def show_checks(health: KnowledgeHealth, tenant: Tenant) -> pn.viewable.Viewable:
    """What each check says now, and the times before."""
    spells = health.checks(tenant)
    history = last_days(max(spell.at for spell in spells).date(), 90) if spells else None
    parts = [
        table(("Check", "Now", "Since", "Last run", "What it says"), [_row(each, tenant) for each in spells], raw=(1,))
    ]
    for each in spells:
        past = health.check_history(tenant, each.result.name, history) if history else ()
        rows = [
            (
                _state(spell),
                moment(spell.since, tenant),
                moment(spell.at, tenant),
                spell.times,
                spell.result.description,
            )
            for spell in past
        ]
        told = table(("Result", "From", "To", "Runs", "What it said last"), rows, raw=(0,))
        parts.append(
            f"<details><summary>{escape(_words(each.result.name))}: the last 90 days</summary>{told}</details>"
        )
    about = "What the last runs of Dagster and of helpdesk ingest found for this tenant, what fails first."
    return card("Checks", about, *(parts if spells else ()), empty=_NO_CHECK)


def _minutes(sources: Sequence[SourceFreshness], figure: str) -> list[tuple[str, float | None]]:
    found = [(each.source, getattr(each.answerable, figure)) for each in sources if each.answerable.changes]
    return [(source, seconds / 60) for source, seconds in found]


def _read(source: SourceFreshness, tenant: Tenant) -> str:
    if source.failed_at is None:
        return escape(moment(source.looked_at, tenant))
    said = f"✖ cannot be read since {moment(source.failed_at, tenant)}: {source.failure}"
    return f'<span class="bad">{escape(said)}</span><br>last read {escape(moment(source.looked_at, tenant))}'


def _waiting(source: SourceFreshness, tenant: Tenant) -> str:
    if not source.waiting:
        return '<span class="good">✔ none</span>'
    unreadable = f", {source.unreadable} cannot be used as they stand" if source.unreadable else ""
    said = f"{source.waiting} since {moment(source.waiting_since, tenant)}{unreadable}"
    return f'<span class="warn">● {escape(said)}</span>'


def _told(delays: Delays) -> str:
    if not delays.changes:
        return "no change"
    seen = f", {delays.from_seen} counted from when they were seen" if delays.from_seen else ""
    return (
        f"median {duration(delays.median)}, nine of ten within {duration(delays.p90)}, most {duration(delays.most)} "
        f"({delays.changes} changes{seen})"
    )


def _row(spell: CheckSpell, tenant: Tenant) -> tuple[str, str, str, str, str]:
    return (
        _words(spell.result.name),
        _state(spell),
        moment(spell.since, tenant),
        moment(spell.at, tenant),
        spell.result.description,
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


def _state(spell: CheckSpell) -> str:
    if spell.result.passed:
        return '<span class="good">✔&nbsp;passes</span>'
    return (
        '<span class="bad">✖&nbsp;fails</span>'
        if spell.result.severity == "error"
        else '<span class="warn">●&nbsp;warns</span>'
    )
