"""What people are asked before a call is made, and what they said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select, update

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable
from components.tools.invocation import Invocation
from components.tools.invocation_rows import APPROVALS, CLOCK, INVOCATIONS, find, invocation_of

ApprovalStatus = Literal["pending", "approved", "refused", "expired"]
LONGEST_COMMENT = 2000
MOST = 200

# Hears, in the deciding transaction, of a call that may go on, or will not: (connection, tenant, invocation).
Decided = Callable[[Connection, TenantContext, Invocation], None]


@dataclass(frozen=True)
class Approval:
    """What is asked, or was. reason: why a person is asked. decided_by: an agent; None for nobody."""

    approval_id: UUID
    status: ApprovalStatus
    reason: str
    requested_at: datetime
    expires_at: datetime | None
    invocation: Invocation
    decided_at: datetime | None = None
    decided_by: UUID | None = None
    comment: str = ""


def ask(connection: Connection, tenant: TenantContext, invocation_id: UUID, reason: str, hours: float) -> UUID:
    """Asks, in the caller's transaction; the approval's id."""
    approval_id = uuid4()
    values = {
        "approval_id": approval_id,
        "tenant_id": tenant.tenant_id,
        "invocation_id": invocation_id,
        "reason": reason,
        "expires_at": CLOCK + func.make_interval(0, 0, 0, 0, 0, 0, hours * 3600),
    }
    connection.execute(insert(APPROVALS).values(values))
    return approval_id


def find_decision(
    connection: Connection, tenant: TenantContext, invocation_id: UUID
) -> tuple[ApprovalStatus, str] | None:
    """How a call's approval stands, and what was said of it; None where nobody was asked."""
    mine = (APPROVALS.c.tenant_id == tenant.tenant_id, APPROVALS.c.invocation_id == invocation_id)
    over = (APPROVALS.c.status == "pending") & (APPROVALS.c.expires_at <= CLOCK)
    row = connection.execute(
        select(APPROVALS.c.status, APPROVALS.c.comment, over.label("over")).where(*mine)
    ).one_or_none()
    if row is None:
        return None
    return ("expired" if row.over else row.status), row.comment


class Approvals:
    """Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database, on_decided: Decided = lambda connection, tenant, invocation: None) -> None:
        self._database, self._on_decided = database, on_decided

    def search(
        self,
        tenant: TenantContext,
        *,
        status: ApprovalStatus | None = None,
        conversation_id: UUID | None = None,
        limit: int = 50,
    ) -> tuple[Approval, ...]:
        """The oldest pending first; else the newest first. Raises InvalidInput."""
        if not 1 <= limit <= MOST:
            raise InvalidInput(f"limit={limit}: 1 to {MOST} are allowed", field="limit")
        query = _joined(tenant)
        if status is not None:
            query = query.where(APPROVALS.c.status == status)
        if conversation_id is not None:
            query = query.where(INVOCATIONS.c.conversation_id == conversation_id)
        asked = APPROVALS.c.requested_at
        query = query.order_by(asked.asc() if status == "pending" else asked.desc()).limit(limit)
        with self._database.tenant(tenant) as session:
            return tuple(_approval(row) for row in session.connection().execute(query))

    def get(self, tenant: TenantContext, approval_id: UUID) -> Approval:
        """Raises NotFound."""
        with self._database.tenant(tenant) as session:
            return _get(session.connection(), tenant, approval_id)

    def decide(
        self, tenant: TenantContext, approval_id: UUID, *, approve: bool, agent_id: UUID | None, comment: str = ""
    ) -> Approval:
        """The same decision again changes nothing. The call itself is the registry's to make (`ToolRegistry.resume`).

        agent_id: None for an operator. Raises NotFound, InvalidInput, Conflict where it was decided otherwise, or
        nobody had decided in time.
        """
        said = storable(comment, "comment").strip()
        if len(said) > LONGEST_COMMENT:
            raise InvalidInput(f"comment has {len(said)} characters: at most {LONGEST_COMMENT}", field="comment")
        status: ApprovalStatus = "approved" if approve else "refused"
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            mine = (APPROVALS.c.tenant_id == tenant.tenant_id, APPROVALS.c.approval_id == approval_id)
            connection.execute(select(APPROVALS.c.approval_id).where(*mine).with_for_update())
            stood = _get(connection, tenant, approval_id)
            if stood.status == status:
                return stood
            if stood.status != "pending":
                raise Conflict(f"the approval {approval_id} is {stood.status} already", field="approval_id")
            values = {"status": status, "decided_at": CLOCK, "decided_by": agent_id, "comment": said}
            over = connection.execute(
                update(APPROVALS)
                .where(*mine, APPROVALS.c.expires_at > CLOCK)
                .values(values)
                .returning(APPROVALS.c.status)
            ).one_or_none()
            if over is None:
                raise Conflict(f"the approval {approval_id} has expired: nobody decided in time", field="approval_id")
            told = {
                "approval_id": str(approval_id),
                "tool": stood.invocation.tool,
                "agent_id": agent_id and str(agent_id),
            }
            record_action(session, tenant.tenant_id, f"approval.{status}", told)
            self._on_decided(connection, tenant, stood.invocation)
            return _get(connection, tenant, approval_id)

    def expire(self, tenant: TenantContext) -> tuple[UUID, ...]:
        """Ends what nobody decided in time; the calls that were asked for."""
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            over = update(APPROVALS).where(
                APPROVALS.c.tenant_id == tenant.tenant_id,
                APPROVALS.c.status == "pending",
                APPROVALS.c.expires_at <= CLOCK,
            )
            ended = connection.execute(
                over.values(status="expired", decided_at=CLOCK).returning(APPROVALS.c.invocation_id)
            )
            calls = tuple(ended.scalars())
            for invocation_id in calls:
                invocation = find(connection, tenant, invocation_id=invocation_id)
                if invocation is not None:
                    self._on_decided(connection, tenant, invocation)
        return calls

    def decided(self, tenant: TenantContext) -> tuple[UUID, ...]:
        """The calls that still wait though a person has decided, and that no run goes on with: their process died."""
        query = (
            select(INVOCATIONS.c.invocation_id)
            .join(APPROVALS, _SAME)
            .where(
                INVOCATIONS.c.tenant_id == tenant.tenant_id,
                INVOCATIONS.c.status == "waiting",
                INVOCATIONS.c.run_id.is_(None),
                APPROVALS.c.status != "pending",
            )
            .limit(MOST)
        )
        with self._database.tenant(tenant) as session:
            return tuple(session.connection().execute(query).scalars())


_SAME = (APPROVALS.c.tenant_id == INVOCATIONS.c.tenant_id) & (APPROVALS.c.invocation_id == INVOCATIONS.c.invocation_id)
_OWN = ("status", "reason", "requested_at", "expires_at", "decided_at", "decided_by", "comment")


def _joined(tenant: TenantContext) -> Any:
    own = [APPROVALS.c[name].label(f"approval_{name}") for name in _OWN]
    query = select(INVOCATIONS, APPROVALS.c.approval_id, *own).join(APPROVALS, _SAME)
    return query.where(APPROVALS.c.tenant_id == tenant.tenant_id)


def _get(connection: Connection, tenant: TenantContext, approval_id: UUID) -> Approval:
    row = connection.execute(_joined(tenant).where(APPROVALS.c.approval_id == approval_id)).one_or_none()
    if row is None:
        raise NotFound(f"there is no approval {approval_id}", field="approval_id")
    return _approval(row)


def _approval(row: Row[Any]) -> Approval:
    own = {name: getattr(row, f"approval_{name}") for name in _OWN}
    return Approval(row.approval_id, invocation=invocation_of(row), **own)
