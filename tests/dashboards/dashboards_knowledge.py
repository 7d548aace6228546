"""A tenant's knowledge with something to say on every part of its page, stored as its makers store it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pyarrow as pa

from components.core.tenant import Tenant
from components.database.tables import (
    ChunkRow,
    DocumentRow,
    KnowledgeChangeRow,
    KnowledgeConflictRow,
    KnowledgeGapRow,
    RawDocumentRow,
)
from components.helpdesk.looks import CONFLICTS, GAPS, SOURCE, store_failed_look, store_look
from components.helpdesk.reports.facts import ANSWERS, CITATIONS
from components.helpdesk.reports.knowledge.checks import CheckResult, store_check
from components.warehouse.manifest import Manifest
from components.warehouse.warehouse import Warehouse

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from dashboards.desk import Desk

ARTICLES = {
    "help/returns.md": ("Returns", "You can return unused tents within 45 days of delivery."),
    "help/sending-back.md": ("Sending things back", "Unused tents can be returned within <30 days> of delivery."),
    "help/shipping.md": ("Shipping", "A parcel to Norway takes nine days."),
    "wiki/warranty.md": ("Warranty", "Tents carry a warranty of seven years."),
}
DRAFT = "# Vouchers\n\n> DRAFT, not published.\n\n## What customers ask\n\n- Can I pay with a <b>voucher</b>?\n"


def fill_knowledge(desk: Desk, tenant: Tenant) -> None:
    now = datetime.now(UTC)
    context = tenant.context
    with desk.registry.database.tenant(context) as session:
        _documents(session, tenant)
        _changes(session, tenant, now)
        store_look(session, context, SOURCE, now, {"documents": 3}, "help")
        store_look(session, context, SOURCE, now - timedelta(days=2), {"documents": 1}, "wiki")
        store_failed_look(session, context, SOURCE, now, "knowledge source 'wiki': the folder is gone", "wiki")
        _checks(session, tenant, now)
        _conflict(session, tenant, now)
        _gaps(session, tenant, now)
    _facts(desk.warehouse, tenant, now)


def _documents(session: Session, tenant: Tenant) -> None:
    for key, (title, text) in ARTICLES.items():
        own = {"tenant_id": tenant.tenant_id, "document_id": key}
        source = key.split("/")[0]
        session.add(
            RawDocumentRow(**own, source=source, path=key, media_type="text/markdown", checksum="c", size_bytes=9)
        )
        session.add(DocumentRow(**own, source=source, title=title, markdown=text, checksum="c"))
    session.flush()
    for key, (title, text) in ARTICLES.items():
        session.add(
            ChunkRow(
                tenant_id=tenant.tenant_id,
                chunk_id=key,
                document_id=key,
                title=title,
                heading_path=["Time limits"],
                text=text,
                position=0,
                tokens=9,
            )
        )


def _changes(session: Session, tenant: Tenant, now: datetime) -> None:
    for number in range(20):
        seen = now - timedelta(days=1 + number)
        session.add(
            KnowledgeChangeRow(
                change_id=uuid4(),
                tenant_id=tenant.tenant_id,
                document_id="help/returns.md",
                source="help" if number % 3 else "wiki",
                kind="removed" if number % 4 == 3 else "changed",
                changed_at=seen - timedelta(minutes=number) if number % 2 else None,
                seen_at=seen,
                answerable_at=seen + timedelta(seconds=40 * (number + 1)) if number else None,
            )
        )


def _checks(session: Session, tenant: Tenant, now: datetime) -> None:
    said = (
        ("retrieval_quality", "retrieval_evaluation", False, "nDCG@10 0.870, serving index 0.911, allowed loss 0.02"),
        ("no_empty_document", "chunks", True, "0 documents without a passage"),
        ("nlu_quality", "nlu_model", True, "macro-F1 0.960; no other version serves"),
    )
    for name, asset, passed, description in said:
        result = CheckResult(name, asset, passed, "error", description, {})
        store_check(session, tenant.context, CheckResult(name, asset, True, "error", "as good", {}), now - timedelta(3))
        store_check(session, tenant.context, result, now)


def _conflict(session: Session, tenant: Tenant, now: datetime) -> None:
    session.add(
        KnowledgeConflictRow(
            tenant_id=tenant.tenant_id,
            conflict_id="days",
            index_version=3,
            first_chunk_id="help/returns.md",
            first_document_id="help/returns.md",
            first_sentence=ARTICLES["help/returns.md"][1],
            second_chunk_id="help/sending-back.md",
            second_document_id="help/sending-back.md",
            second_sentence=ARTICLES["help/sending-back.md"][1],
            kind="number",
            why="another number: 45 / 30",
            similarity=0.93,
        )
    )
    store_look(session, tenant.context, CONFLICTS, now, {"index_version": 3, "compared": 4, "left": 0, "passages": 4})


def _gaps(session: Session, tenant: Tenant, now: datetime) -> None:
    since = now - timedelta(days=30)
    monday = since.date() - timedelta(days=since.weekday())
    for rank, (label, count) in enumerate((("voucher, pay, gift", 7), ("helicopter, park", 3)), start=1):
        session.add(
            KnowledgeGapRow(
                tenant_id=tenant.tenant_id,
                rank=rank,
                label=label,
                questions=count,
                examples=[
                    {
                        "text": "Can I pay with a <b>voucher</b>, [e-mail] asks?",
                        "answer_id": str(uuid4()),
                        "at": now.isoformat(),
                    }
                ],
                trend=[
                    {"week": (monday + timedelta(days=7 * week)).isoformat(), "questions": (week * rank) % 4}
                    for week in range(5)
                ],
                nearest=[
                    {
                        "document_id": "help/returns.md",
                        "title": "Returns",
                        "section": "Time limits",
                        "similarity": 0.41,
                    }
                ],
                draft=DRAFT,
                drafted_by="outline",
                since=since,
                until=now,
            )
        )
    figures = {"unanswered": 14, "read": 14, "gaps": 2, "alone": 4}
    period = {"since": since.isoformat(), "until": now.isoformat()}
    store_look(session, tenant.context, GAPS, now, {**figures, **period})


def _facts(warehouse: Warehouse, tenant: Tenant, now: datetime) -> None:
    shared = {"tenant_id": str(tenant.tenant_id), "at": now.replace(tzinfo=None), "day": now.date(), "channel": "web"}
    documents = ["help/returns.md", "help/shipping.md"]
    quoted = [
        {**shared, "answer_id": f"a{n}", "number": 1, "chunk_id": "c", "document_id": documents[n % 3 == 0]}
        for n in range(60)
    ]
    answers = [{**shared, "answer_id": f"a{n}", "thumb": (1, -1, None)[n % 3]} for n in range(60)]
    months = {
        dataset: {f"{now:%Y-%m}": pa.Table.from_pylist(rows, schema=dataset.schema)}
        for dataset, rows in ((ANSWERS, answers), (CITATIONS, quoted))
    }
    warehouse.publish(tenant.context, Manifest(), months, {}, now)
