"""The conversations behind a figure, page by page, or all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, get_args

from components.core.errors import InvalidInput
from components.helpdesk.outcome_rules import OutcomeResult
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import ANSWERS, CITATIONS, ENDED, HANDOVERS, STARTED, Rows

Order = Literal["ended", "started", "rating", "wait", "resolution", "messages"]
MOST_ROWS = 200

_ORDERS = MappingProxyType(
    {
        "ended": "ended_at",
        "started": "started_at",
        "rating": "rating",
        "wait": "wait_seconds",
        "resolution": "resolution_seconds",
        "messages": "messages",
    }
)
_SOURCES = MappingProxyType(
    {"ended": ENDED, "started": STARTED, "answers": ANSWERS, "citations": CITATIONS, "handovers": HANDOVERS}
)
_GOES_WITH = MappingProxyType(
    {"reason": ("answers", "handovers"), "refused": ("answers",), "document_id": ("citations",)}
)
_DIRECT = ", picked AS (FROM chosen)"
_THROUGH = """
    , picked AS (FROM conversations SEMI JOIN (FROM chosen WHERE {}) AS behind USING (tenant_id, conversation_id))
"""
_BY_ANSWER = """
    , picked AS (FROM conversations SEMI JOIN (
        FROM answers SEMI JOIN (FROM chosen WHERE {}) AS quoted USING (tenant_id, answer_id)
    ) AS behind USING (tenant_id, conversation_id))
"""
_LINE = """
    SELECT tenant_id, conversation_id, channel, language, started_at, ended_at, result, intent, rating, handovers,
        handover_reason, wait_seconds, resolution_seconds, reopened, vip,
        customer_messages + bot_messages + agent_messages AS messages
"""


@dataclass(frozen=True)
class Behind:
    """What the figure counts. of: `ended` and `started` are conversations by that day; with `answers`, `citations` and
    `handovers` the conversations that had such a one in the period. results: of these outcomes. intent, rating,
    handover_reason: exactly so; `filters.NONE` as text stands for none. reason: of the answer, or of that handover;
    refused: the answer was; document_id: it quotes it. longer_than: they waited so many seconds or more, by the clock
    on the wall. reopened, vip: only those. Raises InvalidInput."""

    of: Literal["ended", "started", "answers", "citations", "handovers"] = "ended"
    results: tuple[OutcomeResult, ...] = ()
    intent: str | None = None
    rating: int | None = None
    handover_reason: str | None = None
    reason: str | None = None
    refused: bool = False
    document_id: str | None = None
    longer_than: float | None = None
    reopened: bool = False
    vip: bool = False

    def __post_init__(self) -> None:
        if self.of not in _SOURCES:
            raise InvalidInput(f"of={self.of!r}: allowed are {', '.join(_SOURCES)}", field="of")
        for result in self.results:
            if result not in get_args(OutcomeResult):
                raise InvalidInput(
                    f"results={result!r}: allowed are {', '.join(get_args(OutcomeResult))}", field="results"
                )
        for name, allowed in _GOES_WITH.items():
            if getattr(self, name) and self.of not in allowed:
                raise InvalidInput(f"{name} goes with of={' or '.join(allowed)}, not with {self.of}", field=name)


@dataclass(frozen=True)
class ConversationLine:
    """A conversation in a list. Moments are UTC. messages: of everybody."""

    tenant_id: str
    tenant: str
    conversation_id: str
    channel: str | None
    language: str | None
    started_at: datetime
    ended_at: datetime | None
    result: str
    intent: str | None
    rating: int | None
    handovers: int
    handover_reason: str | None
    wait_seconds: float | None
    resolution_seconds: float | None
    reopened: int
    vip: bool | None
    messages: int


@dataclass(frozen=True)
class ConversationPage:
    """total: of all pages; 0 also for a page after the last."""

    lines: tuple[ConversationLine, ...]
    total: int


def conversation_list(
    reader: ReportReader,
    filters: Filters,
    behind: Behind | None = None,
    *,
    order: Order = "ended",
    ascending: bool = False,
    page: int = 1,
    size: int = 50,
) -> ConversationPage:
    """page: from 1. size: rows of a page, 1 to 200. Rows without the value that they are ordered by come last. Raises
    InvalidInput."""
    if page < 1:
        raise InvalidInput(f"page={page}: 1 or more is allowed", field="page")
    if not 1 <= size <= MOST_ROWS:
        raise InvalidInput(f"size={size}: 1 to {MOST_ROWS} are allowed", field="size")
    asked = _asked(behind or Behind(), order, ascending, ", count(*) OVER () AS total")
    values = {**asked.values, "size": size, "skipped": (page - 1) * size}
    rows = reader.rows(asked.of, filters, f"{asked.query} LIMIT $size OFFSET $skipped", **values)
    return ConversationPage(tuple(_line(reader, row) for row in rows), rows[0]["total"] if rows else 0)


def conversation_batches(
    reader: ReportReader,
    filters: Filters,
    behind: Behind | None = None,
    *,
    order: Order = "ended",
    ascending: bool = False,
    size: int = 5_000,
) -> Iterator[list[ConversationLine]]:
    """All of the list, so many lines at a time. The reader is asked for nothing else meanwhile. Raises InvalidInput."""
    asked = _asked(behind or Behind(), order, ascending)
    for rows in reader.batches(asked.of, filters, asked.query, size, **asked.values):
        yield [_line(reader, row) for row in rows]


@dataclass(frozen=True)
class _Asked:
    """values: of the query's parameters."""

    of: Rows
    query: str
    values: Mapping[str, Any]


def _asked(behind: Behind, order: Order, ascending: bool, more_columns: str = "") -> _Asked:
    if order not in _ORDERS:
        raise InvalidInput(f"order={order!r}: allowed are {', '.join(_ORDERS)}", field="order")
    picked, values = _picked(behind)
    conditions, more = _conditions(behind)
    direction = "ASC" if ascending else "DESC"
    query = (
        f"{picked} FROM picked {_LINE} {more_columns} WHERE {' AND '.join(conditions)} "
        f"ORDER BY {_ORDERS[order]} {direction} NULLS LAST, tenant_id, conversation_id"
    )
    return _Asked(_SOURCES[behind.of], query, {**values, **more})


def _picked(behind: Behind) -> tuple[str, dict[str, Any]]:
    if behind.of in ("ended", "started"):
        return _DIRECT, {}
    asked = {"reason": behind.reason, "document_id": behind.document_id}
    values = {name: value for name, value in asked.items() if value}
    conditions = [f"{name} = ${name}" for name in values] + (["NOT answered"] if behind.refused else [])
    through = _BY_ANSWER if behind.of == "citations" else _THROUGH
    return through.format(" AND ".join(conditions) or "true"), values


def _conditions(behind: Behind) -> tuple[list[str], dict[str, Any]]:
    conditions, values = ["true"], dict[str, Any]()
    if behind.results:
        conditions.append("result = ANY($results)")
        values["results"] = list(behind.results)
    for name in ("intent", "handover_reason"):
        if (value := getattr(behind, name)) is not None:
            conditions.append(f"coalesce({name}, '') = $only_{name}")
            values[f"only_{name}"] = value
    if behind.rating is not None:
        conditions.append("rating = $rating")
        values["rating"] = behind.rating
    if behind.longer_than is not None:
        conditions.append("wait_seconds >= $longer_than")
        values["longer_than"] = behind.longer_than
    if behind.reopened:
        conditions.append("reopened > 0")
    if behind.vip:
        conditions.append("vip")
    return conditions, values


def _line(reader: ReportReader, row: Row) -> ConversationLine:
    told = {name: value for name, value in row.items() if name != "total"}
    return ConversationLine(tenant=reader.label("tenant", row["tenant_id"]), **told)
