"""When a tenant's sources, contradictions and gaps were last looked at, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from components.core.tenant import TenantContext
from components.database.tables import KnowledgeLookRow
from components.helpdesk.storable import made_storable

SOURCE, CONFLICTS, GAPS = "source", "conflicts", "gaps"
_KEY = (KnowledgeLookRow.tenant_id, KnowledgeLookRow.subject, KnowledgeLookRow.name)


@dataclass(frozen=True)
class Look:
    """looked_at: the last time that went well, None where none did. failed_at, failure: since when it does not, and
    why; None where the last one went well."""

    name: str
    looked_at: datetime | None
    figures: Mapping[str, Any]
    failed_at: datetime | None
    failure: str | None


def store_look(
    session: Session, tenant: TenantContext, subject: str, at: datetime, figures: Mapping[str, Any], name: str = ""
) -> None:
    """One that went well."""
    found = {"looked_at": at, "figures": dict(figures), "failed_at": None, "failure": None}
    statement = insert(KnowledgeLookRow).values(tenant_id=tenant.tenant_id, subject=subject, name=name, **found)
    session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=found))


def store_failed_look(
    session: Session, tenant: TenantContext, subject: str, at: datetime, failure: str, name: str = ""
) -> None:
    """One that did not: since when stays as it is while it goes on."""
    told = made_storable(failure)
    statement = insert(KnowledgeLookRow).values(
        tenant_id=tenant.tenant_id, subject=subject, name=name, failed_at=at, failure=told
    )
    since = statement.excluded.failed_at
    kept = {"failed_at": func.coalesce(KnowledgeLookRow.failed_at, since), "failure": told}
    session.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=kept))


def forget_looks(session: Session, subject: str, present: Sequence[str]) -> None:
    """Those at what is not there any more."""
    row = KnowledgeLookRow
    session.execute(delete(row).where(row.subject == subject, row.name.not_in(present)))


def looks_at(session: Session, subject: str) -> list[Look]:
    """All of the session's tenant, by name."""
    row = KnowledgeLookRow
    rows = session.scalars(select(row).where(row.subject == subject).order_by(row.name))
    return [Look(each.name, each.looked_at, each.figures, each.failed_at, each.failure) for each in rows]
