"""What language models cost, how often they failed and how long they took; amounts of two currencies never meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.reports.deflection import deflection
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import ANSWERS, MODEL_CALLS
from components.helpdesk.reports.topics import answers

_USED = """
    coalesce(currency, '') AS currency, count(*) AS calls, count(*) FILTER (error IS NOT NULL) AS failed,
    coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens, coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens,
    coalesce(sum(cost), 0) AS cost, quantile_cont(seconds, [0.5, 0.95]) AS quantiles
"""
_BY_CURRENCY = "FROM chosen SELECT '' AS model, '' AS provider, " + _USED + " GROUP BY ALL ORDER BY currency"
_BY_MODEL = (
    "FROM chosen SELECT coalesce(model, '') AS model, coalesce(provider, '') AS provider, "
    + _USED
    + " GROUP BY ALL ORDER BY currency, cost DESC, calls DESC, model, provider"
)
_BY_DAY = """
    FROM chosen SELECT day, coalesce(model, '') AS model, coalesce(currency, '') AS currency, count(*) AS calls,
        coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
        coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens, coalesce(sum(cost), 0) AS cost
    GROUP BY ALL ORDER BY day, currency, model
"""
_OF_CUSTOMERS = """
    FROM chosen SELECT coalesce(currency, '') AS currency, coalesce(sum(cost), 0) AS cost
    WHERE purpose = 'customer' GROUP BY ALL
"""
_OF_ANSWERS = """
    FROM chosen SELECT coalesce(currency, '') AS currency, sum(cost) AS cost, count(*) FILTER (cache_hit) AS kept
    WHERE cost IS NOT NULL GROUP BY ALL ORDER BY currency
"""


@dataclass(frozen=True)
class ModelFigures:
    """Calls of a language model in the period; model and provider are empty where they are of all models. cost: in
    `currency`, empty where no price is declared. Seconds: of a call, failed ones too."""

    model: str
    provider: str
    currency: str
    calls: int
    failed: int
    failed_share: Interval | None
    input_tokens: int
    output_tokens: int
    cost: float
    median_seconds: float | None
    p95_seconds: float | None


@dataclass(frozen=True)
class DaySpending:
    """Calls of one model on one day; cost: in `currency`."""

    day: str
    model: str
    currency: str
    calls: int
    input_tokens: int
    output_tokens: int
    cost: float


@dataclass(frozen=True)
class UnitCost:
    """In `currency`. cost: of the answers of the period. per_answered: of these, by each question that was answered,
    whoever wrote it; per_resolved: by each conversation that ended in the period and that the bot resolved. calls_cost:
    of all calls made for customers, goals that conversations ordered and answers that were not shown among them;
    per_conversation: by each conversation that ended in the period. None where there are none. kept: answers given
    again from the cache, at no cost."""

    currency: str
    cost: float
    answered: int
    per_answered: float | None
    resolved: int
    per_resolved: float | None
    kept: int
    calls_cost: float
    conversations: int
    per_conversation: float | None


def spending(reader: ReportReader, filters: Filters) -> Sequence[ModelFigures]:
    """All models together, one row a currency. Every filter narrows them; see `purposes.spending_left_out`."""
    return [_model(row) for row in reader.rows(MODEL_CALLS, filters, _BY_CURRENCY)]


def spending_by_model(reader: ReportReader, filters: Filters) -> Sequence[ModelFigures]:
    """By model, provider and currency, the dearest first within a currency."""
    return [_model(row) for row in reader.rows(MODEL_CALLS, filters, _BY_MODEL)]


def spending_by_day(reader: ReportReader, filters: Filters) -> Sequence[DaySpending]:
    """By day, model and currency; days without calls are left out."""
    rows = reader.rows(MODEL_CALLS, filters, _BY_DAY)
    return [DaySpending(**{**row, "day": row["day"].isoformat()}) for row in rows]


def unit_costs(reader: ReportReader, filters: Filters) -> Sequence[UnitCost]:
    """What an answered question, a resolved conversation and any conversation cost, one row a currency; every filter
    narrows them."""
    answered, counts = answers(reader, filters).answered, deflection(reader, filters).counts
    of_answers = {row["currency"]: row for row in reader.rows(ANSWERS, filters, _OF_ANSWERS)}
    of_calls = {row["currency"]: row["cost"] for row in reader.rows(MODEL_CALLS, filters, _OF_CUSTOMERS)}
    every = sorted({*of_answers, *of_calls})
    free = 0
    if len(every) > 1 and every[0] == "" and not of_calls.get("") and not of_answers.get("", {"cost": 0})["cost"]:
        # Quotes, and models without a price, cost nothing in any currency.
        free = of_answers.pop("", {"kept": 0})["kept"]
        every.remove("")
    found = []
    for currency in every:
        told, spent = of_answers.get(currency, {"cost": 0.0, "kept": 0}), of_calls.get(currency, 0.0)
        found.append(
            UnitCost(
                currency=currency,
                cost=told["cost"],
                answered=answered,
                per_answered=_by_each(told["cost"], answered),
                resolved=counts.bot_resolved,
                per_resolved=_by_each(told["cost"], counts.bot_resolved),
                kept=told["kept"] + (free if currency == every[0] else 0),
                calls_cost=spent,
                conversations=counts.total_sessions,
                per_conversation=_by_each(spent, counts.total_sessions),
            )
        )
    return found


def _by_each(cost: float, number: int) -> float | None:
    return cost / number if number else None


def _model(row: Row) -> ModelFigures:
    told = dict(row)
    median, p95 = told.pop("quantiles") or (None, None)
    failed_share = share(row["failed"], row["calls"])
    return ModelFigures(**told, failed_share=failed_share, median_seconds=median, p95_seconds=p95)
