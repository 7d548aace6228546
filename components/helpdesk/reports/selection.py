"""Which rows of a dataset filters choose: the one place where they become SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from components.core.errors import InvalidInput
from components.helpdesk.reports.filters import Filters

Grouping = Literal["day", "channel", "tenant", "intent", "language", "model", "reason", "team", "purpose"]


@dataclass(frozen=True)
class Rows:
    """Rows of a dataset by the day that counts. own: its columns that filters choose by; what it has not is asked of
    the conversation, where `by_conversation`, and else passed over. groups: beside the day and the tenant."""

    dataset: str
    day: str
    own: Mapping[str, str]
    groups: tuple[Grouping, ...]
    by_conversation: bool = True

    def passed_over(self, filters: Filters) -> tuple[str, ...]:
        """Names of the filters that choose nothing here."""
        return () if self.by_conversation else tuple(name for name in filters.narrowed() if name not in self.own)


_ALL = MappingProxyType({"channels": "channel", "intents": "intent", "models": "model"})
_CHANNEL = MappingProxyType({"channels": "channel"})
_CHANNEL_AND_MODEL = MappingProxyType({"channels": "channel", "models": "model"})

ENDED = Rows("conversations", "ended_day", _ALL, ("channel", "intent", "language", "model", "team"))
STARTED = Rows("conversations", "day", _ALL, ENDED.groups)
MESSAGES = Rows("messages", "day", _CHANNEL, ("channel", "intent"))
ANSWERS = Rows("answers", "day", _CHANNEL_AND_MODEL, ("channel", "model", "reason"))
CITATIONS = Rows("citations", "day", _CHANNEL, ("channel",), by_conversation=False)
HANDOVERS = Rows("handovers", "day", _CHANNEL, ("channel", "reason", "team"))
TICKETS = Rows("tickets", "day", _CHANNEL, ("channel", "team"))
MODEL_CALLS = Rows("model_calls", "day", _CHANNEL_AND_MODEL, ("channel", "model", "purpose"))

_CONVERSATIONS = "SELECT (tenant_id, conversation_id) FROM conversations WHERE"


@dataclass(frozen=True)
class Chosen:
    """A common table expression `chosen`, of all columns and `grouped`, and the values of its parameters."""

    sql: str
    values: Mapping[str, Any]


def choose(rows: Rows, filters: Filters, by: Grouping | None = None) -> Chosen:
    """by: what `grouped` holds, text; the day as 2026-11-30. Raises InvalidInput for a grouping that there is not."""
    used = {name: list(values) for name, values in filters.narrowed().items() if name not in rows.passed_over(filters)}
    conditions = [f"{rows.day} BETWEEN $since AND $until"]
    conditions += [_one_of(rows.own[name], name) for name in used if name in rows.own]
    asked = [_one_of(_ALL[name], name) for name in used if name not in rows.own]
    if asked:
        conditions.append(f"(tenant_id, conversation_id) IN ({_CONVERSATIONS} {' AND '.join(asked)})")
    sql = f"chosen AS NOT MATERIALIZED (SELECT *, {_grouped(rows, by)} AS grouped FROM {rows.dataset} WHERE "  # noqa: S608
    return Chosen(sql + " AND ".join(conditions) + ")", {"since": filters.since, "until": filters.until, **used})


def _grouped(rows: Rows, by: Grouping | None) -> str:
    if by is None:
        return "NULL"
    if by == "day":
        return f"CAST({rows.day} AS VARCHAR)"
    if by == "tenant":
        return "tenant_id"
    if by not in rows.groups:
        raise InvalidInput(
            f"by={by!r}: for {rows.dataset} allowed are day, tenant, {', '.join(rows.groups)}", field="by"
        )
    return f"coalesce({by}, '')"


def _one_of(column: str, parameter: str) -> str:
    return f"coalesce({column}, '') = ANY(${parameter})"
