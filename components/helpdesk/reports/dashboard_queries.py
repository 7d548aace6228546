"""Every question that the analytics page asks, by name: for the page, its exports and the benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from components.helpdesk.reports.citations import most_cited
from components.helpdesk.reports.conversation_list import conversation_list
from components.helpdesk.reports.deflection import deflection, deflection_by
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.handovers import handovers, handovers_by, hours_of_week, wait_bands
from components.helpdesk.reports.headlines import headlines
from components.helpdesk.reports.other_definitions import other_scores
from components.helpdesk.reports.purposes import spending_by_purpose, spending_left_out
from components.helpdesk.reports.ratings import ratings, ratings_by, thumbs
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.resolutions import resolutions, resolutions_by, tickets
from components.helpdesk.reports.selection import Grouping
from components.helpdesk.reports.spending import spending, spending_by_day, spending_by_model, unit_costs
from components.helpdesk.reports.topics import answers, answers_by, reasons, top_intents

Query = Callable[[ReportReader, Filters], object]


def _by(ask: Callable[[ReportReader, Filters, Grouping], object], by: Grouping) -> Query:
    return lambda reader, filters: ask(reader, filters, by)


DASHBOARD_QUERIES: Mapping[str, Query] = MappingProxyType(
    {
        "headlines": headlines,
        "deflection": deflection,
        "deflection_by_day": _by(deflection_by, "day"),
        "deflection_by_channel": _by(deflection_by, "channel"),
        "deflection_by_tenant": _by(deflection_by, "tenant"),
        "deflection_by_intent": _by(deflection_by, "intent"),
        "other_definitions": other_scores,
        "handovers": handovers,
        "handovers_by_day": _by(handovers_by, "day"),
        "handovers_by_reason": _by(handovers_by, "reason"),
        "wait_bands": wait_bands,
        "hours_of_week": hours_of_week,
        "resolutions": resolutions,
        "resolutions_by_day": _by(resolutions_by, "day"),
        "tickets": tickets,
        "ratings": ratings,
        "ratings_by_day": _by(ratings_by, "day"),
        "thumbs": thumbs,
        "top_intents": top_intents,
        "reasons": reasons,
        "answers": answers,
        "answers_by_day": _by(answers_by, "day"),
        "answers_by_intent": _by(answers_by, "intent"),
        "spending": spending,
        "spending_by_model": spending_by_model,
        "spending_by_day": spending_by_day,
        "spending_by_purpose": spending_by_purpose,
        "spending_left_out": spending_left_out,
        "unit_costs": unit_costs,
        "most_cited": most_cited,
        "conversation_list": conversation_list,
    }
)
