"""Takes away all that a simulation has made of a tenant, and nothing that anybody else has."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, cast, delete, func, or_, select
from sqlalchemy.dialects.postgresql import UUID

from apps.cli.traffic.world import SIMULATED
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow, Base, CustomerRow, OutboxRow, TicketRow, ToolInvocationRow, WorkRunRow
from components.helpdesk.conversations.store import CONVERSATIONS, MESSAGES

_AT_ONCE = 500


def remove_simulated(database: Database, tenant: TenantContext) -> int:
    """The conversations, with answers, tickets, calls, runs, deliveries, customers and orders; how many conversations.
    The audit log keeps what it has. Raises Conflict where a simulation of the tenant runs, DatabaseUnavailable."""
    removed = 0
    with database.reserve(tenant):
        while some := _remove_some(database, tenant):
            removed += some
        with database.tenant(tenant) as session:
            customers = _table(CustomerRow)
            mine = (customers.c.tenant_id == tenant.tenant_id, customers.c.details.has_key(SIMULATED))
            session.connection().execute(delete(customers).where(*mine))
    return removed


def _remove_some(database: Database, tenant: TenantContext) -> int:
    simulated = select(CONVERSATIONS.c.conversation_id).where(
        CONVERSATIONS.c.tenant_id == tenant.tenant_id, CONVERSATIONS.c.customer.has_key(SIMULATED)
    )
    with database.tenant(tenant) as session:
        connection = session.connection()
        ids = list(connection.scalars(simulated.limit(_AT_ONCE)))
        if not ids:
            return 0
        answers, outbox = _table(AnswerRow), _table(OutboxRow)
        given = select(cast(MESSAGES.c.details["answer_id"].astext, UUID)).where(
            MESSAGES.c.tenant_id == tenant.tenant_id, MESSAGES.c.conversation_id.in_(ids)
        )
        # What they have brought about stands in the payload of some, and in the lane of others.
        lane = func.split_part(outbox.c.lane, "/", 2).in_([str(each) for each in ids])
        _delete(connection, tenant, answers, answers.c.answer_id.in_(given))
        _delete(connection, tenant, outbox, or_(lane, outbox.c.payload["conversation_id"].astext.in_(map(str, ids))))
        for row, column in (
            (TicketRow, "session_id"),
            (ToolInvocationRow, "conversation_id"),
            (WorkRunRow, "conversation_id"),
        ):
            table = _table(row)
            _delete(connection, tenant, table, table.c[column].in_(ids))
        _delete(connection, tenant, CONVERSATIONS, CONVERSATIONS.c.conversation_id.in_(ids))
        return len(ids)


def _delete(connection: Connection, tenant: TenantContext, table: Table, condition: ColumnElement[bool]) -> None:
    connection.execute(delete(table).where(table.c.tenant_id == tenant.tenant_id, condition))


def _table(row: type[Base]) -> Table:
    return row.metadata.tables[row.__tablename__]
