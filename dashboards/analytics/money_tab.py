"""What language models cost, how much they read and wrote, how often they failed, and how long they took."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from typing import Any

from components.helpdesk.reports.purposes import PurposeFigures, spending_by_purpose, spending_left_out
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.spending import (
    DaySpending,
    ModelFigures,
    UnitCost,
    spending,
    spending_by_day,
    spending_by_model,
    unit_costs,
)
from dashboards.analytics.figure_card import beside, figure, listed
from dashboards.analytics.view import View
from dashboards.analytics.wording import NOTHING, duration, money, percent, span
from dashboards.charts import MOST_SERIES, Series, bars

_NO_CALL = (
    "No language model was called in this period: answers are quoted from the knowledge, which costs nothing. "
    "README, “Language models”, says how to connect one."
)
_REST = "all others"


def money_tab(view: View, reader: ReportReader) -> list[Any]:
    by_day, by_model = spending_by_day(reader, view.filters), spending_by_model(reader, view.filters)
    return [
        beside(_totals(view, reader), _units(view, reader)),
        _purposes(view, reader),
        *_left_out(view, reader),
        *(_cost_by_day(view, by_day, currency) for currency in sorted({row.currency for row in by_day})),
        figure(view, reader, "spending_by_day", DaySpending, by_day, _tokens_by_day(view, by_day)),
        _models(view, reader, by_model),
    ]


def _totals(view: View, reader: ReportReader) -> Any:
    rows = spending(reader, view.filters)
    table = listed(
        "All models together",
        f"calls, tokens, cost; one row a currency · {view.period}",
        ("Cost", "Calls", "Failed", "Tokens read", "Tokens written", "Median", "95 in 100 within"),
        [(f"<strong>{escape(money(row.cost, row.currency))}</strong>", *_figures(row)) for row in rows],
        empty=_NO_CALL,
    )
    return figure(view, reader, "spending", ModelFigures, rows, table)


def _units(view: View, reader: ReportReader) -> Any:
    rows = unit_costs(reader, view.filters)
    table = listed(
        "What an answer, a resolution and a conversation cost",
        f"one row a currency · {view.period}",
        ("By question answered", "By conversation resolved", "By conversation", "Answers repeated at no cost"),
        [
            (
                f"{escape(money(row.per_answered, row.currency))}<p class='quiet'>{row.answered:,} questions</p>",
                f"{escape(money(row.per_resolved, row.currency))}<p class='quiet'>{row.resolved:,} conversations</p>",
                f"{escape(money(row.per_conversation, row.currency))}"
                f"<p class='quiet'>{row.conversations:,} conversations</p>",
                f"{row.kept:,}",
            )
            for row in rows
        ],
        empty=_NO_CALL,
    )
    return figure(view, reader, "unit_costs", UnitCost, rows, table)


def _purposes(view: View, reader: ReportReader) -> Any:
    rows = spending_by_purpose(reader, view.filters)
    table = _by_purpose(view, "What models were called for", rows, _NO_CALL)
    return figure(view, reader, "spending_by_purpose", PurposeFigures, rows, table)


def _left_out(view: View, reader: ReportReader) -> list[Any]:
    """Nothing where all is in the figures above."""
    rows = spending_left_out(reader, view.filters)
    if not rows:
        return []
    table = _by_purpose(view, "Not in these figures: calls of no channel or topic", rows, "")
    return [figure(view, reader, "spending_left_out", PurposeFigures, rows, table)]


def _by_purpose(view: View, title: str, rows: Sequence[PurposeFigures], empty: str) -> Any:
    return listed(
        title,
        f"calls, tokens, cost · {view.period}",
        ("For", "Cost", "Calls", "Failed", "Tokens read", "Tokens written"),
        [
            (
                f"<strong>{escape(row.label)}</strong>",
                escape(money(row.cost, row.currency)),
                f"{row.calls:,}",
                f"{row.failed:,}",
                f"{row.input_tokens:,}",
                f"{row.output_tokens:,}",
            )
            for row in rows
        ],
        empty=empty,
    )


def _cost_by_day(view: View, rows: Sequence[DaySpending], currency: str) -> Any:
    own = [row for row in rows if row.currency == currency]
    return bars(
        "Cost by day and model",
        currency or "no currency is declared",
        view.period,
        _by_model(own, lambda row: row.cost),
        empty=_NO_CALL,
        stacked=True,
    )


def _tokens_by_day(view: View, rows: Sequence[DaySpending]) -> Any:
    return bars(
        "Tokens by day and model",
        "tokens read and written",
        view.period,
        _by_model(rows, lambda row: row.input_tokens + row.output_tokens),
        empty=_NO_CALL,
        stacked=True,
    )


def _by_model(rows: Sequence[DaySpending], value: Callable[[DaySpending], float]) -> list[Series]:
    """One series a model, the largest first, and the rest together where they could not be told apart."""
    totals: dict[str, float] = {}
    for row in rows:
        totals[row.model] = totals.get(row.model, 0.0) + value(row)
    ranked = sorted(totals, key=lambda model: (-totals[model], model))
    named = ranked if len(ranked) <= MOST_SERIES else ranked[: MOST_SERIES - 1]
    days = sorted({date.fromisoformat(row.day) for row in rows})
    found: dict[str, dict[date, float]] = {}
    for row in rows:
        name = (row.model or "no model") if row.model in named else _REST
        by_day = found.setdefault(name, dict.fromkeys(days, 0.0))
        by_day[date.fromisoformat(row.day)] += value(row)
    order = [model or "no model" for model in named] + [_REST]
    return [Series(name, list(found[name].items())) for name in order if name in found]


def _models(view: View, reader: ReportReader, rows: Sequence[ModelFigures]) -> Any:
    table = listed(
        "Models",
        f"calls, tokens, cost, failures, seconds of a call · {view.period}",
        ("Model", "Cost", "Calls", "Failed", "Tokens read", "Tokens written", "Median", "95 in 100 within"),
        [
            (
                f"<strong>{escape(row.model or 'no model')}</strong><p class='quiet'>{escape(row.provider)}</p>",
                escape(money(row.cost, row.currency)),
                *_figures(row),
            )
            for row in rows
        ],
        empty=_NO_CALL,
    )
    return figure(view, reader, "spending_by_model", ModelFigures, rows, table)


def _figures(row: ModelFigures) -> tuple[str, ...]:
    share = percent(row.failed_share)
    failed = (
        NOTHING if share is None else f"{row.failed:,} ({share:.1f} %)<p class='quiet'>{span(row.failed_share)}</p>"
    )
    return (
        f"{row.calls:,}",
        failed,
        f"{row.input_tokens:,}",
        f"{row.output_tokens:,}",
        duration(row.median_seconds),
        duration(row.p95_seconds),
    )
