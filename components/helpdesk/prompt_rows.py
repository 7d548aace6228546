"""The rows behind a tenant's prompts: reading versions, and the history of which one was active."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import psycopg
from sqlalchemy import ColumnElement, Select, and_, func, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from components.core.errors import Conflict, NotFound, TenantNotFound
from components.core.prompts import SHIPPED_VERSION, PromptTemplate
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import PromptActivationRow, PromptRow
from components.retrieval.prompting import shipped_prompt


@dataclass(frozen=True)
class ActivationHistory:
    """way: the versions from the shipped one to the active one, as a rollback walks them back. sequence: of the last
    activation, 0 before the first."""

    way: tuple[int, ...]
    sequence: int

    @property
    def active(self) -> int:
        return self.way[-1]


def way_of(activated: list[int]) -> tuple[int, ...]:
    """The way that activations, the oldest first, leave behind: one of the version before is a step back on it.

    >>> way_of([1, 2, 1, 3])
    (0, 1, 3)
    """
    way = [SHIPPED_VERSION]
    for version in activated:
        if len(way) > 1 and way[-2] == version:
            way.pop()
        elif way[-1] != version:
            way.append(version)
    return tuple(way)


def read_history(session: Session, tenant: TenantContext, prompt_id: str) -> ActivationHistory:
    """Of one prompt of the tenant."""
    rows = session.execute(
        select(PromptActivationRow.version, PromptActivationRow.sequence)
        .where(PromptActivationRow.tenant_id == tenant.tenant_id, PromptActivationRow.prompt_id == prompt_id)
        .order_by(PromptActivationRow.sequence)
    ).all()
    return ActivationHistory(way_of([row.version for row in rows]), rows[-1].sequence if rows else 0)


def active_version(tenant_id: ColumnElement[UUID], prompt_id: ColumnElement[str]) -> Select[int, str, str]:
    """The row that questions are rendered with now, by two primary keys: none, or one of nulls, is the shipped one."""
    of_version = and_(
        PromptRow.tenant_id == PromptActivationRow.tenant_id,
        PromptRow.prompt_id == PromptActivationRow.prompt_id,
        PromptRow.version == PromptActivationRow.version,
    )
    return (
        select(PromptRow.version, PromptRow.system, PromptRow.user)
        .select_from(PromptActivationRow)
        .outerjoin(PromptRow, of_version)
        .where(PromptActivationRow.tenant_id == tenant_id, PromptActivationRow.prompt_id == prompt_id)
        .order_by(PromptActivationRow.sequence.desc())
        .limit(1)
    )


def read_active(session: Session, tenant: TenantContext, prompt_id: str) -> PromptTemplate:
    """What questions are rendered with now. Raises InvalidPrompt."""
    shipped = shipped_prompt(prompt_id)
    row = session.execute(active_version(literal(tenant.tenant_id), literal(prompt_id))).one_or_none()
    if row is None or row.version is None:
        return shipped
    return PromptTemplate(prompt_id, row.version, row.system, row.user)


def read_template(session: Session, tenant: TenantContext, prompt_id: str, version: int) -> PromptTemplate:
    """A version of the tenant's, or the shipped one. Raises NotFound, InvalidPrompt for an unknown prompt_id."""
    shipped = shipped_prompt(prompt_id)
    if version == SHIPPED_VERSION:
        return shipped
    newest = newest_template(session, tenant, prompt_id)
    if not SHIPPED_VERSION < version <= newest.version:
        raise NotFound(
            f"prompt {prompt_id!r} has no version {version}: there are {SHIPPED_VERSION} to {newest.version}",
            field="version",
        )
    row = session.get_one(PromptRow, (tenant.tenant_id, prompt_id, version))
    return PromptTemplate(prompt_id, row.version, row.system, row.user)


def newest_template(session: Session, tenant: TenantContext, prompt_id: str) -> PromptTemplate:
    """The version saved last, or the shipped one where none was."""
    row = session.scalars(
        select(PromptRow)
        .where(PromptRow.tenant_id == tenant.tenant_id, PromptRow.prompt_id == prompt_id)
        .order_by(PromptRow.version.desc())
        .limit(1)
    ).one_or_none()
    return shipped_prompt(prompt_id) if row is None else PromptTemplate(prompt_id, row.version, row.system, row.user)


def one_save_at_a_time(session: Session, tenant: TenantContext, prompt_id: str) -> None:
    """Until the transaction ends, other saves of this prompt wait: equal ones become one version."""
    name = f"prompt {tenant.tenant_id} {prompt_id}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


@contextmanager
def writing(database: Database, tenant: TenantContext) -> Iterator[Session]:
    """A transaction of the tenant. Raises Conflict where another took the row that was to be written, and
    TenantNotFound where the tenant is gone."""
    try:
        with database.tenant(tenant) as session:
            yield session
    except IntegrityError as error:
        if isinstance(error.orig, psycopg.errors.UniqueViolation):
            raise Conflict("another version was activated at the same moment: look at it, then try again") from error
        raise TenantNotFound(f"no tenant has the id {tenant.tenant_id}", field="tenant_id") from error
