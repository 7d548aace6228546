"""What a simulation has left in a tenant, counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, func, select

from apps.cli.traffic.world import SIMULATED
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow, Base, TicketRow
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES
from components.helpdesk.outcome_rows import OUTCOMES


@dataclass(frozen=True)
class Left:
    """Of simulated conversations alone. results: as components.helpdesk.outcome_rules has them. wait_seconds: median
    and 90 %, of those that a person took. ratings: by stars. refusals: by reason. tickets: by status."""

    conversations: int
    results: Mapping[str, int]
    wait_seconds: tuple[float, float] | None
    ratings: Mapping[str, int]
    refusals: Mapping[str, int]
    tickets: Mapping[str, int]


def count_left(database: Database, tenant: TenantContext) -> Left:
    """As it stands now. Raises DatabaseUnavailable."""
    simulated = select(CONVERSATIONS.c.conversation_id).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.customer.has_key(SIMULATED)
    )
    answers, tickets = _table(AnswerRow), _table(TicketRow)
    own = (OUTCOMES.c.tenant_id == tenant.tenant_id, OUTCOMES.c.conversation_id.in_(simulated))
    given = select(MESSAGES.c.details["answer_id"].astext).where(
        MESSAGES.c.tenant_id == tenant.tenant_id, MESSAGES.c.conversation_id.in_(simulated)
    )
    refused = (answers.c.tenant_id == tenant.tenant_id, ~answers.c.answered)
    with database.tenant(tenant) as session:
        connection = session.connection()
        results = _by(connection, OUTCOMES.c.result, *own)
        shares = func.percentile_cont([0.5, 0.9]).within_group(OUTCOMES.c.wait_seconds)
        waits = connection.execute(select(shares).where(*own)).scalar_one()
        return Left(
            conversations=sum(results.values()),
            results=results,
            wait_seconds=None if waits is None else (waits[0], waits[1]),
            ratings=_by(connection, OUTCOMES.c.rating, *own, OUTCOMES.c.rating.is_not(None)),
            refusals=_by(connection, answers.c.reason, *refused, func.text(answers.c.answer_id).in_(given)),
            tickets=_by(
                connection,
                tickets.c.status,
                tickets.c.tenant_id == tenant.tenant_id,
                tickets.c.session_id.in_(simulated),
            ),
        )


def _by(connection: Connection, column: ColumnElement[Any], *conditions: ColumnElement[bool]) -> dict[str, int]:
    query: Select[Any] = select(column, func.count()).where(*conditions).group_by(column).order_by(column)
    return {str(value): many for value, many in connection.execute(query)}


def _table(row: type[Base]) -> Table:
    return row.metadata.tables[row.__tablename__]
