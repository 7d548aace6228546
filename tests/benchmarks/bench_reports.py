"""How fast every query of the analytics page answers: `python -m tests.benchmarks.bench_reports`.

A tenant's facts of a year: 1,000,000 messages, 150,000 conversations, 300,000 answers, drawn at random, published as
the refresh does. Each query is asked in turn over the last 90 days and over the year, once to warm up, then --rounds
times, as a page does: a reader of its own each time.
"""

from __future__ import annotations

import argparse
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from components.core.tenant import Tenant
from components.helpdesk.reports import facts
from components.helpdesk.reports.dashboard_queries import DASHBOARD_QUERIES
from components.helpdesk.reports.filters import Filters, last_days
from components.helpdesk.reports.reports import Reports
from components.warehouse.dataset import Dataset
from components.warehouse.warehouse import Warehouse

DAYS, FIRST, LAST = 365, np.datetime64("2025-12-01T00:00:00"), date(2026, 11, 30)
TENANT = Tenant(
    UUID(int=7),
    "Shop",
    "shop.example",
    {
        "handover": {
            "time_zone": "Europe/Vienna",
            "hours": {day: ["08:00-12:30", "13:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
        }
    },
)
Columns = dict[str, Any]


class Draw:
    """Columns at random, the same for the same seed."""

    def __init__(self, rows: int, seed: int) -> None:
        self.rows, self.random = rows, np.random.default_rng(seed)

    def words(self, *words: str | None) -> pa.Array:
        return pa.array(words, pa.string()).take(pa.array(self.random.integers(0, len(words), self.rows)))

    def flags(self, share: float) -> np.ndarray:
        return self.random.random(self.rows) < share

    def counts(self, most: int) -> np.ndarray:
        return self.random.integers(0, most + 1, self.rows)

    def seconds(self, mean: float, known: float = 1.0) -> pa.Array:
        return pa.array(self.random.exponential(mean, self.rows), mask=~self.flags(known))

    def moments(self) -> np.ndarray:
        return np.sort(FIRST + self.random.integers(0, DAYS * 86400, self.rows).astype("timedelta64[s]"))

    def ids(self, kind: str, of: int | None = None) -> pa.Array:
        """Unique ones; of: each one of so many."""
        numbers = np.arange(self.rows) if of is None else self.random.integers(0, of, self.rows)
        return pa.array([f"{kind}-{number:012d}-{number * 2654435761 % 2**32:08x}" for number in numbers])


def day(moments: np.ndarray) -> np.ndarray:
    return moments.astype("datetime64[D]")


def conversations(rows: int) -> Columns:
    draw = Draw(rows, 1)
    began = draw.moments()
    ended = began + draw.counts(86400).astype("timedelta64[s]")
    result = draw.words("contained", "contained", "verified", "verified", "verified", "handed_over", "abandoned")
    return {
        "conversation_id": draw.ids("conversation"),
        "channel": draw.words("web", "web", "web", "email", "slack", "whatsapp"),
        "language": draw.words("en", "de", "fr"),
        "started_at": began,
        "day": day(began),
        "ended_at": ended,
        "ended_day": day(ended),
        "status": draw.words("closed"),
        "result": result,
        "verified": pc.or_(pc.equal(result, "verified"), pa.array(draw.flags(0.1))),
        "confirmed": draw.flags(0.2),
        "settled": draw.flags(0.6),
        "answered": draw.flags(0.8),
        "handovers": draw.counts(1),
        "handover_reason": draw.words(None, None, "asked", "unanswered", "low_confidence"),
        "wait_seconds": draw.seconds(300, 0.2),
        "first_response_seconds": draw.seconds(400, 0.2),
        "resolution_seconds": draw.seconds(4000),
        "rating": pa.array(draw.random.integers(1, 6, rows), mask=draw.flags(0.7)),
        "reopened": draw.counts(1),
        "vip": draw.flags(0.05),
        "intent": draw.words(None, *(f"intent_{number}" for number in range(40))),
        "model": draw.words(None, "small", "large"),
        **{name: draw.counts(6) for name in ("customer_messages", "bot_messages", "agent_messages")},
        **{name: draw.counts(3) for name in ("answers", "refusals", "messages_after_answer")},
    }


def messages(rows: int, of: int) -> Columns:
    draw = Draw(rows, 2)
    at = draw.moments()
    return {
        "conversation_id": draw.ids("conversation", of),
        "sequence": draw.counts(20),
        "at": at,
        "day": day(at),
        "channel": draw.words("web", "email", "slack", "whatsapp"),
        "author": draw.words("customer", "bot", "agent"),
        "intent": draw.words(None, *(f"intent_{number}" for number in range(40))),
        "confidence": draw.random.random(rows),
        "seconds": draw.seconds(0.3),
    }


def answers(rows: int, of: int) -> Columns:
    draw = Draw(rows, 3)
    at = draw.moments()
    return {
        "answer_id": draw.ids("answer"),
        "conversation_id": draw.ids("conversation", of),
        "at": at,
        "day": day(at),
        "channel": draw.words("web", "email", "slack", "whatsapp"),
        "answered": draw.flags(0.7),
        "reason": draw.words(None, None, None, "not_retrieved", "low_confidence", "budget"),
        "model": draw.words(None, "small", "large"),
        "cost": draw.random.random(rows) / 100,
        "currency": draw.words("EUR"),
        "cache_hit": draw.flags(0.1),
        "seconds": draw.seconds(0.8),
        "thumb": pa.array(draw.random.choice([1, -1], rows), mask=draw.flags(0.9)),
        "citations": draw.counts(3),
    }


def citations(rows: int, of: int) -> Columns:
    draw = Draw(rows, 4)
    at = draw.moments()
    return {
        "answer_id": draw.ids("answer", of),
        "number": draw.counts(3),
        "at": at,
        "day": day(at),
        "channel": draw.words("web", "email", "slack", "whatsapp"),
        "document_id": draw.ids("document", 500),
        "chunk_id": draw.ids("chunk", 5000),
    }


def handovers(rows: int, of: int) -> Columns:
    draw = Draw(rows, 5)
    at = draw.moments()
    waited = draw.counts(3600)
    return {
        "conversation_id": draw.ids("conversation", of),
        "number": draw.counts(2),
        "at": at,
        "day": day(at),
        "channel": draw.words("web", "email", "slack", "whatsapp"),
        "reason": draw.words("asked", "unanswered", "low_confidence"),
        "vip": draw.flags(0.1),
        "team": draw.words("", "billing"),
        "ended_at": at + waited.astype("timedelta64[s]"),
        "ended_by": draw.words("claim", "claim", "claim", "expire"),
        "waited_seconds": waited.astype(float),
        "first_response_seconds": draw.seconds(500, 0.7),
    }


def model_calls(rows: int, of: int) -> Columns:
    draw = Draw(rows, 6)
    at = draw.moments()
    purpose = draw.words(*["customer"] * 8, "evaluation", "unknown")
    of_customer = pc.equal(purpose, "customer")
    return {
        "call_id": draw.ids("call"),
        "at": at,
        "day": day(at),
        "model": draw.words("small", "large"),
        "provider": draw.words("local"),
        "input_tokens": draw.counts(3000),
        "output_tokens": draw.counts(400),
        "cost": draw.random.random(rows) / 100,
        "currency": draw.words("EUR"),
        "error": draw.words(*[None] * 19, "model_timed_out"),
        "seconds": draw.seconds(1.2),
        "purpose": purpose,
        "channel": pc.if_else(of_customer, draw.words("web", "email", "slack"), None),
        "conversation_id": pc.if_else(of_customer, draw.ids("conversation", of), None),
    }


def tickets(rows: int, of: int) -> Columns:
    draw = Draw(rows, 7)
    at = draw.moments()
    return {
        "ticket_id": draw.ids("ticket"),
        "number": np.arange(rows),
        "conversation_id": draw.ids("conversation", of),
        "created_at": at,
        "day": day(at),
        "status": draw.words("open", "pending", "resolved", "closed"),
        "priority": draw.words("low", "normal", "high", "urgent"),
        "channel": draw.words("web", "email"),
        "first_response_due": at,
        "first_response_at": at,
        "first_response_late": draw.flags(0.1),
        "resolution_due": at,
        "resolution_late": draw.flags(0.1),
    }


def by_month(dataset: Dataset, columns: Columns) -> dict[str, pa.Table]:
    rows = len(columns["day"])
    full = {"tenant_id": pa.array([str(TENANT.tenant_id)]).take(pa.array(np.zeros(rows, np.int64))), **columns}
    table = pa.table(
        {
            field.name: pa.array(full[field.name]).cast(field.type)
            if field.name in full
            else pa.nulls(rows, field.type)
            for field in dataset.schema
        },
        schema=dataset.schema,
    )
    months = columns[dataset.at].astype("datetime64[M]")
    return {str(month): table.filter(pa.array(months == month)) for month in np.unique(months)}


def publish(warehouse: Warehouse, messages_wanted: int) -> None:
    talks, given, asked = messages_wanted * 15 // 100, messages_wanted * 3 // 10, messages_wanted * 3 // 100
    drawn: dict[Dataset, Columns] = {
        facts.CONVERSATIONS: conversations(talks),
        facts.MESSAGES: messages(messages_wanted, talks),
        facts.ANSWERS: answers(given, talks),
        facts.CITATIONS: citations(given * 2, given),
        facts.HANDOVERS: handovers(asked, talks),
        facts.MODEL_CALLS: model_calls(given, talks),
        facts.TICKETS: tickets(asked // 2, talks),
    }
    months = {dataset: by_month(dataset, columns) for dataset, columns in drawn.items()}
    warehouse.publish(
        TENANT.context, warehouse.manifest(TENANT.context), months, {}, datetime(2026, 11, 30, tzinfo=UTC)
    )


def measure(reports: Reports, filters: Filters, rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Milliseconds of each query by the clock and of processor time, which tells a busy machine from a slow query.
    Asked one after another, as a page does."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in DASHBOARD_QUERIES}
    for _ in range(rounds + 1):
        for name, ask in DASHBOARD_QUERIES.items():
            started, worked = perf_counter(), process_time()
            with reports.open([TENANT]) as reader:
                ask(reader, filters)
            taken[name].append(((perf_counter() - started) * 1000, (process_time() - worked) * 1000))
    return {name: each[1:] for name, each in taken.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helpdesk-reports-") as folder:
        warehouse = Warehouse(Path(folder))
        publish(warehouse, arguments.messages)
        reports = Reports(warehouse)
        quarter = measure(reports, last_days(LAST, 90), arguments.rounds)
        year = measure(reports, last_days(LAST, DAYS), arguments.rounds)
        reports.close()
    heads = ("p50", "p95", "processor p50")
    table = Table("query", *(f"{period} {head}" for period in ("90 days", "a year") for head in heads), box=None)
    for name in DASHBOARD_QUERIES:
        told = []
        for each in (quarter, year):
            clock, processor = np.asarray(each[name]).T
            told += [np.percentile(clock, 50), np.percentile(clock, 95), np.percentile(processor, 50)]
        table.add_row(name, *(f"{value:.0f} ms" for value in told))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
