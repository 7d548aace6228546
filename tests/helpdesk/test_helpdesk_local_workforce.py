"""The helpdesk's own work: one ticket an order, told by its number, and never another tenant's."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from components.core.errors import InvalidInput
from components.core.tenant import Tenant, TenantContext
from components.core.work import WorkKind, WorkOrder
from components.database.session import Database
from components.database.tables import AuditLogRow, TicketRow
from components.helpdesk.local_workforce import LocalWorkforce

REFUND = {"order_number": "NT-104432", "reason": "the zip is broken"}
CONVERSATION = UUID("6d1ee1d5-9a53-4d0e-8b4c-0d9a4e0f1c11")


@pytest.fixture(scope="module")
def workforce(database: Database) -> LocalWorkforce:
    return LocalWorkforce(database)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> TenantContext:
    return make_tenant().context


def order(key: str, arguments: dict[str, Any], name: str = "refund", kind: WorkKind = "workflow") -> WorkOrder:
    return WorkOrder(kind, name, arguments, key, CONVERSATION, "Process refund")


def tickets(database: Database, tenant: TenantContext) -> list[TicketRow]:
    with database.tenant(tenant) as session:
        return list(session.scalars(select(TicketRow).order_by(TicketRow.number)))


def test_a_refund_is_a_ticket_that_a_person_can_work_on(
    workforce: LocalWorkforce, database: Database, tenant: TenantContext
) -> None:
    assert "refund" in workforce.names(tenant)["workflow"]
    done = workforce.carry_out(tenant, order("k", REFUND), deadline=5.0)
    (ticket,) = tickets(database, tenant)
    assert done.values == {"ticket_number": 1, "ticket_id": str(ticket.ticket_id)}
    assert not done.dry
    assert (ticket.status, ticket.subject, ticket.session_id) == ("open", "Refund for order NT-104432", CONVERSATION)
    assert ticket.details == {"workflow": "refund", "goal": "Process refund", "arguments": REFUND}
    with database.tenant(tenant) as session:
        audited = session.scalars(select(AuditLogRow).where(AuditLogRow.action == "ticket.opened")).one()
    assert audited.details is not None
    assert audited.details["number"] == 1


def test_an_order_given_again_opens_no_second_ticket(
    workforce: LocalWorkforce, database: Database, tenant: TenantContext
) -> None:
    with ThreadPoolExecutor(4) as pool:
        given = [pool.submit(workforce.carry_out, tenant, order("same", REFUND), deadline=9.0) for _ in range(8)]
        assert len({each.result().values["ticket_id"] for each in given}) == 1
    assert workforce.carry_out(tenant, order("other", REFUND), deadline=5.0).values["ticket_number"] == 2
    assert [each.number for each in tickets(database, tenant)] == [1, 2]


def test_numbers_count_up_without_gaps_for_each_tenant(
    workforce: LocalWorkforce, database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    mine, theirs = make_tenant().context, make_tenant().context
    arguments = {"subject": "Zip", "description": "It is broken.", "priority": "high"}
    with ThreadPoolExecutor(4) as pool:
        orders = [
            (each, order(f"k{n}", arguments, "create_ticket", "tool")) for n in range(6) for each in (mine, theirs)
        ]
        done = [pool.submit(workforce.carry_out, who, what, deadline=9.0) for who, what in orders]
        assert all(each.result() for each in done)
    for each in (mine, theirs):
        assert [ticket.number for ticket in tickets(database, each)] == [1, 2, 3, 4, 5, 6]
        assert {ticket.priority for ticket in tickets(database, each)} == {"high"}


def test_another_tenants_order_of_the_same_key_is_another_ticket(
    workforce: LocalWorkforce, make_tenant: Callable[..., Tenant]
) -> None:
    mine, theirs = make_tenant().context, make_tenant().context
    first = workforce.carry_out(mine, order("k", REFUND), deadline=5.0)
    assert (
        workforce.carry_out(theirs, order("k", REFUND), deadline=5.0).values["ticket_id"] != first.values["ticket_id"]
    )


@pytest.mark.parametrize(
    ("kind", "name", "arguments", "what"),
    [
        ("workflow", "refunds", REFUND, "no workflow is called 'refunds': there is refund"),
        ("workflow", "refund", {"order_number": "NT-1"}, "'reason' is a required property"),
        ("workflow", "refund", {**REFUND, "order_number": 7}, "arguments.order_number"),
        ("workflow", "refund", {**REFUND, "more": {"a": 1}}, "arguments.more"),
        ("workflow", "refund", {**REFUND, "reason": "a\0b"}, "U+0000"),
        ("tool", "create_ticket", {"subject": "s", "description": "d", "priority": "asap"}, "arguments.priority"),
        ("tool", "create_ticket", {"subject": "s", "description": "d", "x": "y"}, "'x' was unexpected"),
    ],
)
def test_what_does_not_fit_is_refused_by_name_and_opens_nothing(
    workforce: LocalWorkforce,
    database: Database,
    tenant: TenantContext,
    kind: WorkKind,
    name: str,
    arguments: dict[str, Any],
    what: str,
) -> None:
    with pytest.raises(InvalidInput) as refused:
        workforce.carry_out(tenant, order(uuid4().hex, arguments, name, kind), deadline=5.0)
    assert what in refused.value.message
    assert tickets(database, tenant) == []
