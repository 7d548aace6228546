"""What language models were called for: customers, by their channel, and all that is nobody's conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from components.core.model_use import Purpose
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import MODEL_CALLS

PURPOSES: Mapping[Purpose, str] = MappingProxyType(
    {
        "customer": "customers",
        "evaluation": "evaluations of indexes and prompts",
        "playground": "the playground",
        "replay": "answers asked again to compare them",
        "console": "agents' suggestions and summaries",
        "cli": "questions at the command line",
        "draft": "drafts of articles",
        "goal": "goals that no conversation has ordered",
        "program": "other programs (POST /llm/generate)",
        "unknown": "unknown: calls from before this was kept",
    }
)
"""Each purpose for people to read."""

_BY_PURPOSE = """
    SELECT coalesce(purpose, 'unknown') AS purpose, coalesce(channel, '') AS channel,
        coalesce(currency, '') AS currency, count(*) AS calls, count(*) FILTER (error IS NOT NULL) AS failed,
        coalesce(sum(input_tokens), 0)::BIGINT AS input_tokens,
        coalesce(sum(output_tokens), 0)::BIGINT AS output_tokens, coalesce(sum(cost), 0) AS cost
    GROUP BY ALL
"""
# By filter: of which calls it cannot say whether it chooses them.
_WITHOUT = {
    "channels": "channel IS NULL",
    "intents": "conversation_id IS NULL OR (tenant_id, conversation_id) NOT IN "
    "(SELECT (tenant_id, conversation_id) FROM conversations)",
}


@dataclass(frozen=True)
class PurposeFigures:
    """Calls of language models in the period for one purpose, customers' by channel. label: of both, for people.
    cost: in `currency`, empty where no price is declared."""

    purpose: str
    channel: str
    label: str
    currency: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    cost: float


def spending_by_purpose(reader: ReportReader, filters: Filters) -> Sequence[PurposeFigures]:
    """Customers first, each currency's dearest first. Every filter narrows them."""
    return _figures(reader.rows(MODEL_CALLS, filters, f"FROM chosen {_BY_PURPOSE}"))


def spending_left_out(reader: ReportReader, filters: Filters) -> Sequence[PurposeFigures]:
    """What filters of channel or intent leave out since it belongs to no channel, or to no conversation; nothing
    without them."""
    missing = [condition for name, condition in _WITHOUT.items() if getattr(filters, name)]
    if not missing:
        return []
    query = f"FROM (FROM chosen WHERE {' OR '.join(missing)}) {_BY_PURPOSE}"
    return _figures(reader.rows(MODEL_CALLS, replace(filters, channels=(), intents=()), query))


def _figures(rows: Sequence[Row]) -> Sequence[PurposeFigures]:
    found = []
    for row in rows:
        label = PURPOSES.get(row["purpose"], row["purpose"])
        found.append(PurposeFigures(**row, label=f"{label}, {row['channel']}" if row["channel"] else label))
    return sorted(found, key=lambda one: (one.currency, one.purpose != "customer", -one.cost, -one.calls, one.label))
