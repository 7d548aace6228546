"""Facts drawn at random for two tenants, published as a refresh publishes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
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
    {"handover": {"time_zone": "Europe/Vienna", "wait_minutes": 5, "hours": {"mon": ["09:00-12:00", "13:00-17:00"]}}},
)
NEW_YORK = Tenant(UUID(int=2), "Hudson", "hudson.example", {"handover": {"time_zone": "America/New_York"}})
TENANTS = (VIENNA, NEW_YORK)
ZONES = {str(VIENNA.tenant_id): "Europe/Vienna", str(NEW_YORK.tenant_id): "America/New_York"}
BEGIN, REFRESHED = datetime(2026, 10, 23), datetime(2026, 11, 4, 12, tzinfo=UTC)
PERIOD = Filters(date(2026, 10, 25), date(2026, 10, 29))

Row = dict[str, Any]
Facts = Mapping[Dataset, Sequence[Row]]

tenant_ids = st.sampled_from([str(tenant.tenant_id) for tenant in TENANTS])
channels = st.sampled_from(["web", "email", "slack"])
intents = st.sampled_from([None, "refund", "tracking"])
models = st.sampled_from([None, "small", "large"])
moments = st.integers(0, 9 * 86400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
maybe = st.none() | st.integers(0, 20000).map(float)
conversation_ids = st.integers(0, 12).map(lambda number: f"c{number}")
answer_ids = st.integers(0, 12).map(lambda number: f"a{number}")

_conversation = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "conversation_id": conversation_ids,
        "channel": channels,
        "language": st.sampled_from([None, "en", "de"]),
        "started_at": moments,
        "lasted": st.none() | st.integers(0, 86400),
        "result": st.sampled_from(["contained", "verified", "handed_over", "abandoned"]),
        "answered": st.booleans(),
        "confirmed": st.booleans(),
        "settled": st.booleans(),
        "verified": st.booleans(),
        "handovers": st.integers(0, 2),
        "handover_reason": st.sampled_from([None, "asked", "unanswered"]),
        "wait_seconds": maybe,
        "first_response_seconds": maybe,
        "rating": st.none() | st.integers(1, 5),
        "reopened": st.integers(0, 1),
        "vip": st.booleans(),
        "intent": intents,
        "model": models,
        "customer_messages": st.integers(0, 3),
        "bot_messages": st.integers(0, 3),
        "agent_messages": st.integers(0, 3),
        "answers": st.integers(0, 2),
        "refusals": st.integers(0, 1),
        "messages_after_answer": st.none() | st.integers(0, 1),
    }
)
_answer = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "answer_id": answer_ids,
        "conversation_id": conversation_ids,
        "at": moments,
        "channel": channels,
        "answered": st.booleans(),
        "reason": st.sampled_from([None, "not_retrieved", "low_confidence", "budget"]),
        "model": models,
        "cost": st.none() | st.integers(0, 1000).map(lambda cents: cents / 100),
        "currency": st.sampled_from(["EUR", "USD"]),
        "cache_hit": st.booleans(),
        "thumb": st.sampled_from([None, 1, -1]),
    }
)
_citation = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "answer_id": answer_ids,
        "number": st.integers(1, 3),
        "at": moments,
        "channel": channels,
        "document_id": st.sampled_from(["returns", "shipping", "zips"]),
    }
)
_handover = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "conversation_id": conversation_ids,
        "number": st.integers(1, 3),
        "at": moments,
        "channel": channels,
        "reason": st.sampled_from(["asked", "unanswered"]),
        "vip": st.booleans(),
        "ended_by": st.sampled_from([None, "claim", "expire"]),
        "lasted": st.integers(0, 4000) | st.integers(0, 200_000),
        "first_response_seconds": maybe,
    }
)
_model_call = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "call_id": st.integers(0, 999).map(str),
        "at": moments,
        "model": st.sampled_from(["small", "large"]),
        "provider": st.just("local"),
        "input_tokens": st.integers(0, 100),
        "output_tokens": st.integers(0, 100),
        "cost": st.integers(0, 1000).map(lambda cents: cents / 100),
        "currency": st.sampled_from(["EUR", "USD"]),
        "error": st.sampled_from([None, "model_timed_out"]),
        "seconds": st.floats(0, 5),
    }
)
_ticket = st.fixed_dictionaries(
    {
        "tenant_id": tenant_ids,
        "ticket_id": st.integers(0, 999).map(str),
        "conversation_id": conversation_ids,
        "created_at": moments,
        "status": st.sampled_from(["open", "closed"]),
        "channel": channels,
        "first_response_at": st.none() | moments,
        "first_response_due": st.none() | moments,
        "resolved_at": st.none() | moments,
        "resolution_due": st.none() | moments,
        "late": st.tuples(st.booleans(), st.booleans()),
    }
)


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


def _whole_ticket(row: Row) -> Row:
    late = row.pop("late")
    for name, missed in zip(("first_response", "resolution"), late, strict=True):
        row[f"{name}_late"] = None if row[f"{name}_due"] is None else missed
    return row


def _with_day(dataset: Dataset, row: Row) -> Row:
    return {"day": local_day(row["tenant_id"], row[dataset.at]), **row}


_SHAPES = {
    facts.CONVERSATIONS: _conversation.map(_whole_conversation),
    facts.ANSWERS: _answer,
    facts.CITATIONS: _citation,
    facts.HANDOVERS: _handover.map(_whole_handover),
    facts.MODEL_CALLS: _model_call,
    facts.TICKETS: _ticket.map(_whole_ticket),
}


def rows_of(*datasets: Dataset) -> st.SearchStrategy[Facts]:
    """Up to twenty rows of each, no two with the same key."""
    lists = {
        dataset: st.lists(
            _SHAPES[dataset].map(lambda row, dataset=dataset: _with_day(dataset, row)),
            max_size=20,
            unique_by=lambda row, dataset=dataset: (row["tenant_id"], *(row[name] for name in dataset.key)),
        )
        for dataset in datasets
    }
    return st.fixed_dictionaries(lists)


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
