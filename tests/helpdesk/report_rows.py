"""Facts drawn at random for two tenants, published as a refresh publishes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pyarrow as pa
from hypothesis import strategies as st

from components.core.tenant import Tenant
from components.helpdesk.reports import facts
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.reports import Reports
from components.warehouse.dataset import Dataset
from components.warehouse.warehouse import Warehouse

VIENNA = Tenant(
    UUID(int=1),
    "Alpine",
    "alpine.example",
    {
        "handover": {
            "time_zone": "Europe/Vienna",
            "wait_minutes": 5,
            "hours": {"mon": ["00:00-12:00", "13:00-17:00"], "wed": ["08:00-24:00"]},
        }
    },
)
NEW_YORK = Tenant(UUID(int=2), "Hudson", "hudson.example", {"handover": {"time_zone": "America/New_York"}})
TENANTS = (VIENNA, NEW_YORK)
ZONES = {str(VIENNA.tenant_id): "Europe/Vienna", str(NEW_YORK.tenant_id): "America/New_York"}
BEGIN, REFRESHED = datetime(2026, 10, 24, 18), datetime(2026, 11, 4, 12, tzinfo=UTC)
PERIOD = Filters(date(2026, 10, 25), date(2026, 10, 29))

Row = dict[str, Any]
Facts = Mapping[Dataset, Sequence[Row]]

# Drawn from one seed: Hypothesis itself takes longer for a world of rows than the figures do.
Draw = Callable[[Random], Any]


def _one_of(*values: Any) -> Draw:
    return lambda random: random.choice(values)


def _number(least: int, most: int) -> Draw:
    return lambda random: random.randint(least, most)


def _name(kind: str, most: int) -> Draw:
    return lambda random: f"{kind}{random.randint(0, most)}"


def _moment(random: Random) -> datetime:
    return BEGIN + timedelta(minutes=10 * random.randint(0, 5 * 144 + 36))


def _maybe(draw: Draw) -> Draw:
    return lambda random: draw(random) if random.random() < 0.6 else None


_flag = _one_of(True, False)
_tenant_ids = _one_of(*(str(tenant.tenant_id) for tenant in TENANTS))
_channels = _one_of("web", "email", "slack")
_seconds = _maybe(lambda random: float(random.randint(0, 20000)))
_cost: Draw = lambda random: random.randint(0, 1000) / 100  # noqa: E731
_conversation_ids = _name("c", 12)

_conversation = {
    "tenant_id": _tenant_ids,
    "conversation_id": _conversation_ids,
    "channel": _channels,
    "language": _one_of(None, "en", "de"),
    "started_at": _moment,
    "lasted": _maybe(_number(0, 86400)),
    "result": _one_of("contained", "verified", "handed_over", "abandoned"),
    "answered": _flag,
    "confirmed": _flag,
    "settled": _flag,
    "verified": _flag,
    "handovers": _number(0, 2),
    "handover_reason": _one_of(None, "asked", "unanswered"),
    "wait_seconds": _seconds,
    "first_response_seconds": _seconds,
    "rating": _maybe(_number(1, 5)),
    "reopened": _number(0, 1),
    "vip": _flag,
    "intent": _one_of(None, "refund", "tracking"),
    "model": _one_of(None, "small", "large"),
    "customer_messages": _number(0, 3),
    "bot_messages": _number(0, 3),
    "agent_messages": _number(0, 3),
    "answers": _number(0, 2),
    "refusals": _number(0, 1),
    "messages_after_answer": _maybe(_number(0, 1)),
}
_answer = {
    "tenant_id": _tenant_ids,
    "answer_id": _name("a", 19),
    "conversation_id": _conversation_ids,
    "at": _moment,
    "channel": _channels,
    "answered": _flag,
    "reason": _one_of(None, "not_retrieved", "low_confidence", "budget"),
    "model": _one_of(None, "small", "large"),
    "cost": _maybe(_cost),
    "currency": _one_of("EUR", "USD"),
    "cache_hit": _flag,
    "thumb": _one_of(None, 1, -1),
}
_citation = {
    "tenant_id": _tenant_ids,
    "answer_id": _name("a", 5),
    "number": _number(1, 4),
    "at": _moment,
    "channel": _channels,
    "document_id": _one_of("returns", "shipping", "zips"),
}
_handover = {
    "tenant_id": _tenant_ids,
    "conversation_id": _conversation_ids,
    "number": _number(1, 3),
    "at": _moment,
    "channel": _channels,
    "reason": _one_of("asked", "unanswered"),
    "vip": _flag,
    "ended_by": _one_of(None, "claim", "expire"),
    "lasted": _one_of(0, 200, 290, 310, 2000, 9000, 50_000, 200_000),
    "first_response_seconds": _seconds,
}
_model_call = {
    "tenant_id": _tenant_ids,
    "call_id": _name("", 999),
    "at": _moment,
    "model": _one_of("small", "large"),
    "provider": _one_of("local"),
    "input_tokens": _number(0, 100),
    "output_tokens": _number(0, 100),
    "cost": _cost,
    "currency": _one_of("EUR", "USD"),
    "error": _one_of(None, "model_timed_out"),
    "seconds": lambda random: random.random() * 5,
    "purpose": _one_of("customer", "customer", "customer", "evaluation", "draft", "unknown", None),
    "channel": _channels,
    "conversation_id": _conversation_ids,
}
_ticket = {
    "tenant_id": _tenant_ids,
    "ticket_id": _name("", 999),
    "conversation_id": _conversation_ids,
    "created_at": _moment,
    "status": _one_of("open", "closed"),
    "channel": _channels,
    "first_response_at": _maybe(_moment),
    "first_response_due": _maybe(_moment),
    "resolved_at": _maybe(_moment),
    "resolution_due": _maybe(_moment),
    "late": _one_of((True, True), (True, False), (False, True), (False, False)),
}


def local_day(tenant_id: str, at: datetime) -> date:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(ZONES[tenant_id])).date()


def _whole_conversation(row: Row) -> Row:
    lasted = row.pop("lasted")
    row["day"] = local_day(row["tenant_id"], row["started_at"])
    row["ended_at"] = row["ended_day"] = row["resolution_seconds"] = None
    if lasted is None:
        return row | {"result": "open", "verified": False}
    row["ended_at"] = row["started_at"] + timedelta(seconds=lasted)
    return row | {"ended_day": local_day(row["tenant_id"], row["ended_at"]), "resolution_seconds": float(lasted)}


def _whole_handover(row: Row) -> Row:
    lasted = row.pop("lasted")
    ended = None if row["ended_by"] is None else row["at"] + timedelta(seconds=lasted)
    return row | {"ended_at": ended, "waited_seconds": None if ended is None else float(lasted)}


def _whole_call(row: Row) -> Row:
    return row if row["purpose"] == "customer" else row | {"channel": None, "conversation_id": None}


def _whole_ticket(row: Row) -> Row:
    late = row.pop("late")
    for name, missed in zip(("first_response", "resolution"), late, strict=True):
        row[f"{name}_late"] = None if row[f"{name}_due"] is None else missed
    return row


def _with_day(dataset: Dataset, row: Row) -> Row:
    return {"day": local_day(row["tenant_id"], row[dataset.at]), **row}


_SHAPES: Mapping[Dataset, tuple[Mapping[str, Draw], Callable[[Row], Row]]] = {
    facts.CONVERSATIONS: (_conversation, _whole_conversation),
    facts.ANSWERS: (_answer, dict),
    facts.CITATIONS: (_citation, dict),
    facts.HANDOVERS: (_handover, _whole_handover),
    facts.MODEL_CALLS: (_model_call, _whole_call),
    facts.TICKETS: (_ticket, _whole_ticket),
}


def _rows(dataset: Dataset, random: Random) -> list[Row]:
    columns, whole = _SHAPES[dataset]
    found: dict[tuple[Any, ...], Row] = {}
    for _ in range(random.choice((0, 3, 20, 30))):
        row = _with_day(dataset, whole({name: draw(random) for name, draw in columns.items()}))
        found[row["tenant_id"], *(row[name] for name in dataset.key)] = row
    return list(found.values())


def rows_of(*datasets: Dataset) -> st.SearchStrategy[Facts]:
    """Up to thirty rows of each, no two with the same key."""

    def draw(seed: int) -> Facts:
        random = Random(seed)
        return {dataset: _rows(dataset, random) for dataset in datasets}

    return st.integers(1, 2**32).map(draw)


class PublishedFacts:
    """A warehouse of these rows; `reports` reads it. As a context manager it goes at the end."""

    def __init__(self, rows: Facts) -> None:
        self._folder = TemporaryDirectory(prefix="helpdesk-facts-")
        self.warehouse = Warehouse(Path(self._folder.name))
        self.reports = Reports(self.warehouse)
        for tenant in TENANTS:
            self.publish(tenant, rows)

    def publish(self, tenant: Tenant, rows: Facts) -> None:
        months: dict[Dataset, dict[str, pa.Table | None]] = {}
        for dataset, lines in rows.items():
            by_month = defaultdict(list)
            for line in lines:
                if line["tenant_id"] == str(tenant.tenant_id):
                    by_month[f"{line[dataset.at]:%Y-%m}"].append(line)
            months[dataset] = {
                month: pa.Table.from_pylist(each, schema=dataset.schema) for month, each in by_month.items()
            }
        before = self.warehouse.manifest(tenant.context)
        self.warehouse.publish(tenant.context, before, months, {}, REFRESHED)

    def __enter__(self) -> PublishedFacts:
        return self

    def __exit__(self, *_: object) -> None:
        self.reports.close()
        self._folder.cleanup()
