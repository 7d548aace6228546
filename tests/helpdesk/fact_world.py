"""Rows that facts are told from, written as plainly as a test needs them, at any moment of the past."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.orm import Session

from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import Base
from components.helpdesk.reports.facts import FACTS
from components.helpdesk.reports.refreshing import FactRefresh, RefreshReport
from components.warehouse.reading import open_facts
from components.warehouse.warehouse import Warehouse

# Half an hour before a month ends, so that what follows is often in the next one.
START = datetime(2026, 8, 31, 23, 30, tzinfo=UTC)


class FactWorld:
    """One tenant's rows, its warehouse, and what a warehouse made anew would hold."""

    def __init__(self, database: Database, tenant: Tenant, folder: Path) -> None:
        self.database, self.tenant, self.folder = database, tenant, folder
        self.warehouse = Warehouse(folder / "kept")
        self.conversations: dict[UUID, datetime] = {}
        self.messages: list[tuple[UUID, int]] = []
        self.answers: list[UUID] = []
        self.tickets: list[UUID] = []

    def session(self) -> AbstractContextManager[Session]:
        return self.database.tenant(self.tenant.context)

    def insert(self, session: Session, table: str, **values: Any) -> None:
        session.execute(Base.metadata.tables[table].insert().values(tenant_id=self.tenant.tenant_id, **values))

    def open(self, session: Session, at: datetime, **more: Any) -> UUID:
        conversation_id = uuid4()
        told = {"channel": "web", "flow_version": 1, "created_at": at, "updated_at": at} | more
        self.insert(session, "conversations", conversation_id=conversation_id, **told)
        self.insert(session, "conversation_outcomes", conversation_id=conversation_id, started_at=at, updated_at=at)
        return conversation_id

    def say(
        self, session: Session, conversation_id: UUID, sequence: int, at: datetime, *, intent: str = "refund",
        confidence: float = 0.9, answer: UUID | None = None, small_talk: bool = False,
    ) -> None:  # fmt: skip
        """The customer's message and the bot's reply to it."""
        handled = at + timedelta(seconds=3)
        understanding = {"intent": intent, "confidence": confidence, "threshold": 0.5, "engine": "local"}
        steps = [{"node": "main/hello", "type": "small_talk", "what": "greet"}] if small_talk else []
        seconds = {"nlu": 0.25, "answer": 0.5, "work": 0.0, "store": 0.0}
        lineage = {"node": "main/answer", "understanding": understanding, "steps": steps, "seconds": seconds}
        details = {"lineage": lineage} | ({"answer_id": str(answer)} if answer else {})
        ids = {"conversation_id": conversation_id}
        self.insert(
            session,
            "messages",
            **ids,
            sequence=sequence,
            author="customer",
            text="?",
            created_at=at,
            handled_at=handled,
        )
        self.insert(
            session, "messages", **ids, sequence=sequence + 1, author="bot", text="!", reply_to=sequence,
            details=details, created_at=handled,
        )  # fmt: skip

    def answer(self, session: Session, at: datetime, *, answered: bool = True, quotes: int = 1) -> UUID:
        answer_id = uuid4()
        citations = [{"number": n + 1, "document_id": f'a, "{n}".md', "chunk_id": f"c{n}"} for n in range(quotes)]
        self.insert(
            session, "answers", answer_id=answer_id, question="?", text="!", answered=answered, confidence=0.7,
            threshold=0.35, model="extractive", pipeline="hybrid", index_version=4, citations=citations, passages=[],
            seconds={"total": 0.4}, channel="web", created_at=at,
        )  # fmt: skip
        return answer_id

    def change(self, session: Session, conversation_id: UUID, number: int, kind: str, before: str, after: str,
               at: datetime, **more: Any) -> None:  # fmt: skip
        self.insert(
            session, "conversation_events", conversation_id=conversation_id, number=number, kind=kind, actor="bot",
            status_before=before, status_after=after, at=at, **more,
        )  # fmt: skip

    def call(self, session: Session, at: datetime, **use: Any) -> None:
        self.insert(
            session, "model_calls", call_id=uuid4(), model="m", provider="tgi", input_tokens=5, output_tokens=2,
            estimated=False, cost=0.25, currency="EUR", seconds=0.5, created_at=at, **use,
        )  # fmt: skip

    def update(self, session: Session, table: str, where: dict[str, Any], **values: Any) -> None:
        declared = Base.metadata.tables[table]
        session.execute(sa.update(declared).where(*(declared.c[k] == v for k, v in where.items())).values(values))

    def delete(self, session: Session, table: str, **where: Any) -> None:
        declared = Base.metadata.tables[table]
        session.execute(sa.delete(declared).where(*(declared.c[k] == v for k, v in where.items())))

    def refresh(self, **how: Any) -> RefreshReport:
        return FactRefresh(self.database, self.warehouse).refresh(self.tenant, **how)

    def told_anew(self) -> dict[str, pa.Table]:
        warehouse = Warehouse(self.folder / uuid4().hex)
        FactRefresh(self.database, warehouse).refresh(self.tenant)
        return read_facts(warehouse, self.tenant.context)

    def facts(self) -> dict[str, pa.Table]:
        return read_facts(self.warehouse, self.tenant.context)

    def rows(self, dataset: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.facts()[dataset].to_pylist()
        return rows


def read_facts(warehouse: Warehouse, tenant: TenantContext) -> dict[str, pa.Table]:
    """All rows of each dataset, ordered by its key."""
    with open_facts(warehouse, [tenant], FACTS) as connection:
        return {
            each.name: connection.sql(f"FROM {each.name} ORDER BY {', '.join(each.key)}").to_arrow_table()
            for each in FACTS
        }
