"""Sentences that contradict each other, side by side, for a person to judge."""

from __future__ import annotations

from functools import partial
from html import escape
from typing import Any

import panel as pn

from components.core.tenant import Tenant
from components.helpdesk.looks import Look
from components.helpdesk.reports.knowledge.conflicts import KnowledgeConflict, Side
from components.helpdesk.reports.knowledge.contradiction import Span, differing_words
from components.helpdesk.reports.knowledge.health import KnowledgeHealth
from dashboards.knowledge.cards import card, moment
from dashboards.viewer import Viewer

MOST_SHOWN = 30


def show_conflicts(health: KnowledgeHealth, tenant: Tenant, viewer: Viewer) -> pn.viewable.Viewable:
    """Each with a button that says that both hold."""
    place = pn.Column(sizing_mode="stretch_width")

    def dismissed(conflict_id: str, _: Any) -> None:
        health.dismiss_conflict(tenant, conflict_id, viewer.name)
        fill()

    def fill() -> None:
        found, look = health.conflicts(tenant), health.conflicts_look(tenant)
        head = card(
            "Contradictions" if look is None else f"{len(found)} contradiction{'s' * (len(found) != 1)}",
            "Sentences of different documents that say nearly the same, with another number or yes for a no. Put right "
            "what is wrong at its source; dismiss what holds both ways.",
            _last_look(look, tenant, len(found)),
        )
        place.objects = [
            head,
            *(_pair(each, tenant, partial(dismissed, each.conflict_id)) for each in found[:MOST_SHOWN]),
        ]

    fill()
    return place


def _pair(conflict: KnowledgeConflict, tenant: Tenant, dismiss: Any) -> pn.viewable.Viewable:
    spans = differing_words(conflict.first.sentence, conflict.second.sentence)
    sides = (_side(conflict.first, spans[0]), _side(conflict.second, spans[1]))
    about = f"First seen {moment(conflict.first_seen, tenant)}; likeness {conflict.similarity:.2f} of 1"
    shown = card(conflict.why[:1].upper() + conflict.why[1:], about, f'<div class="sides">{"".join(sides)}</div>')
    button = pn.widgets.Button(label="Both hold: dismiss", sizing_mode="fixed", width=180, margin=(-6, 10, 12, 10))
    button.on_click(dismiss)
    return pn.Column(shown, button, sizing_mode="stretch_width")


def _side(side: Side, spans: tuple[Span, ...]) -> str:
    where = " > ".join(part for part in (side.title, side.section) if part)
    return (
        f"<div><h3>{escape(where)}</h3><p class='quiet'>{escape(side.document_id)}</p>"
        f"<p>{_marked(side.sentence, spans)}</p></div>"
    )


def _marked(text: str, spans: tuple[Span, ...]) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [escape(text[at:start]), "<mark>", escape(text[start:end]), "</mark>"]
        at = end
    return "".join([*parts, escape(text[at:])])


def _last_look(look: Look | None, tenant: Tenant, found: int) -> str:
    if look is None:
        return (
            "<p>Nobody has looked yet. Materialise <code>knowledge_conflicts</code> in Dagster, or wait: it runs every "
            "six hours.</p>"
        )
    left = look.figures.get("left", 0)
    more = f" {left} passages are left for the next look." if left else ""
    shown = f" The {MOST_SHOWN} likest are shown." if found > MOST_SHOWN else ""
    none = " Nothing in the documents contradicts itself, as far as that shows." if not found else ""
    passages = look.figures.get("passages", 0)
    return f"<p>Last looked {escape(moment(look.looked_at, tenant))}, over {passages} passages.{more}{shown}{none}</p>"
