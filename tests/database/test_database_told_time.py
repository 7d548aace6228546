"""A process that lives in another time has PostgreSQL live in it too, and disturbs nobody who does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, insert, select, update

from components.core.errors import Conflict
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import Base, DocumentProblemRow, TenantRow, TicketRow
from components.database.told_time import Clock

THEN = datetime(1999, 12, 31, 23, 59, tzinfo=UTC)
PROBLEMS = Base.metadata.tables["document_problems"]


@pytest.fixture(scope="module")
def then(postgres: DatabaseAddresses) -> Iterator[Database]:
    database = Database(postgres.app, postgres.operator, clock=lambda: THEN)
    yield database
    database.dispose()


def values(tenant: Tenant) -> dict[str, object]:
    return {"tenant_id": tenant.tenant_id, "document_id": uuid4().hex, "reason": "empty", "message": "nothing in it"}


def test_every_way_to_ask_for_the_time_is_told_the_clocks(then: Database, make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant()
    with then.tenant(tenant.context) as session:
        assert session.scalar(select(func.now())) == session.scalar(select(func.clock_timestamp())) == THEN
        later = session.scalar(select(func.clock_timestamp() + func.make_interval(0, 0, 0, 1)))
        assert later == THEN + timedelta(days=1)
        session.add(DocumentProblemRow(**values(tenant)))
        session.add_all([DocumentProblemRow(**values(tenant)) for _ in range(3)])
        session.flush()
        session.execute(insert(PROBLEMS), [values(tenant) for _ in range(3)])
        session.execute(insert(PROBLEMS).values(**values(tenant), seen_at=func.now() - timedelta(0)))
        session.execute(update(PROBLEMS).where(PROBLEMS.c.seen_at <= func.now()).values(message="told now() of 100 %"))
        rows = session.execute(select(PROBLEMS.c.seen_at, PROBLEMS.c.message)).all()
        assert rows == [(THEN, "told now() of 100 %")] * 8, "what is written is no question"
        session.add(TicketRow(ticket_id=uuid4(), tenant_id=tenant.tenant_id, number=1))
        session.flush()
        assert session.scalar(select(TicketRow.created_at)) == THEN.replace(tzinfo=None)


def test_whoever_has_no_clock_of_their_own_goes_by_postgresqls(
    database: Database, then: Database, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant()
    with then.tenant(tenant.context) as session:
        session.add(DocumentProblemRow(**values(tenant)))
    with database.tenant(tenant.context) as session:
        session.add(DocumentProblemRow(**values(tenant)))
        session.flush()
        first, second = session.scalars(select(PROBLEMS.c.seen_at).order_by(PROBLEMS.c.seen_at))
    assert first == THEN
    assert abs(datetime.now(UTC) - second) < timedelta(minutes=1)


def test_the_clock_is_asked_for_each_statement(postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant]) -> None:
    moments = iter(THEN + timedelta(hours=n) for n in range(5))
    clock: Clock = lambda: next(moments)  # noqa: E731
    database = Database(postgres.app, postgres.operator, clock=clock)
    try:
        with database.tenant(make_tenant().context) as session:
            seen = [session.scalar(select(func.now())) for _ in range(3)]
    finally:
        database.dispose()
    assert seen == [THEN + timedelta(hours=n) for n in range(3)]


def test_every_moment_that_a_table_gives_by_itself_is_asked_for_by_statements() -> None:
    left = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.c
        if column.server_default is not None and "now()" in str(getattr(column.server_default, "arg", ""))
        if column.default is None and table.name != TenantRow.__tablename__
    ]
    assert left == [], "else a simulation writes the real time there"


def test_a_reserved_tenant_is_one_process_own_until_it_ends(
    database: Database, then: Database, make_tenant: Callable[..., Tenant]
) -> None:
    tenant, other = make_tenant().context, make_tenant().context
    with then.reserve(tenant):
        assert database.is_reserved(tenant)
        assert not database.is_reserved(other)
        with pytest.raises(Conflict, match="to itself"), database.reserve(tenant):
            pass
    assert not database.is_reserved(tenant)
    with database.reserve(tenant):
        assert then.is_reserved(tenant)
