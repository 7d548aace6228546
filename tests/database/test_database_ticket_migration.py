"""Tickets of before there were events get the first one, and are read and worked on like any other."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from psycopg.types.json import Jsonb

from components.core.tenant import TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.migrate import alembic_config, as_owner, migrate
from components.database.roles import RoleSecrets
from components.database.session import Database
from components.helpdesk.tickets.ticket import fold
from components.helpdesk.tickets.ticket_event import Actor
from components.helpdesk.tickets.ticket_input import NewTicket, TicketChange
from components.helpdesk.tickets.tickets import Tickets

MADE = datetime(2026, 11, 1, 12, 30)
DETAILS: dict[str, Any] = {"tool": "create_ticket", "arguments": {"description": "It came off."}}


@pytest.fixture
def empty_url(owner_url: str) -> Iterator[str]:
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield sa.make_url(owner_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def before_events(url: str, secrets: RoleSecrets) -> UUID:
    """A tenant with three tickets, on the tables of before: one that an order made, and two without a number."""
    migrate(url, secrets)
    with as_owner(url) as connection:
        command.downgrade(alembic_config(connection), "0004")
    tenant_id = uuid4()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO tenants (tenant_id, name, domain, config_json) VALUES (%s, 'T', 't.example', '{}')",
            [tenant_id],
        )
        connection.execute("INSERT INTO ticket_numbers VALUES (%s, 4)", [tenant_id])
        connection.execute(
            "INSERT INTO tickets (ticket_id, tenant_id, status, priority, number, subject, details, order_key,"
            " created_at, updated_at) VALUES (%s, %s, 'open', 'high', 4, 'Zip', %s, 'order', %s, now())",
            [uuid4(), tenant_id, Jsonb(DETAILS), MADE],
        )
        for _ in range(2):
            connection.execute("INSERT INTO tickets (ticket_id, tenant_id) VALUES (%s, %s)", [uuid4(), tenant_id])
    return tenant_id


def test_a_ticket_of_before_is_what_its_events_come_to(
    empty_url: str, role_secrets: RoleSecrets, postgres: DatabaseAddresses
) -> None:
    tenant = TenantContext(before_events(empty_url, role_secrets))
    migrate(empty_url, role_secrets)
    name = sa.make_url(empty_url).database
    app, operator = (
        sa.make_url(url).set(database=name).render_as_string(hide_password=False)
        for url in (postgres.app, postgres.operator)
    )
    database = Database(app, operator)
    try:
        tickets = Tickets(database)
        for number in (4, 5, 6):
            seen, events = tickets.history(tenant, number)
            assert (len(events), seen.ticket) == (1, fold(events))
        old = tickets.get(tenant, 4).ticket
        assert (old.subject, old.description, old.priority, old.details) == ("Zip", "It came off.", "high", DETAILS)
        assert old.created_at == MADE.replace(tzinfo=UTC)
        again, repeated = tickets.create(
            tenant,
            NewTicket("Zip", "It came off.", "high", channel="", details=DETAILS),
            actor=Actor("bot"),
            request_key="order",
        )
        assert (again.ticket.number, repeated) == (4, True)
        tickets.change(tenant, 5, TicketChange(status="resolved", team="x"), actor=Actor("api"))
        seen, events = tickets.history(tenant, 5)
        assert seen.ticket == fold(events)
        assert tickets.create(tenant, NewTicket("Next"), actor=Actor("api"))[0].ticket.number == 7
    finally:
        database.dispose()
