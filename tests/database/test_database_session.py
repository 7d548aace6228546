"""One transaction is one tenant's; nothing outlives it; and PostgreSQL's absence has one name."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import InvalidRequestError

from components.core.errors import DatabaseUnavailable
from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.embedded import EmbeddedPostgres
from components.database.session import Database
from components.database.tables import DocumentProblemRow, TenantRow


def problem(tenant_id: UUID) -> DocumentProblemRow:
    return DocumentProblemRow(tenant_id=tenant_id, document_id=uuid4().hex, reason="empty", message="nothing in it")


@pytest.fixture(scope="module")
def single(postgres: DatabaseAddresses) -> Iterator[Database]:
    """A database with one connection, so that everybody gets the one that the others have used."""
    database = Database(postgres.app, postgres.operator, pool_size=1, pool_wait=0.2, statement_timeout=1)
    yield database
    database.dispose()


@pytest.fixture(scope="module")
def tenants(make_tenant: Callable[..., Tenant]) -> list[TenantContext]:
    return [make_tenant().context for _ in range(3)]


def test_what_a_transaction_wrote_is_there_after_it(single: Database, make_tenant: Callable[..., Tenant]) -> None:
    context = make_tenant().context
    with single.tenant(context) as session:
        session.add(row := problem(context.tenant_id))
    with single.tenant(context) as session:
        found = session.get(DocumentProblemRow, (context.tenant_id, row.document_id))
    assert found is not None
    assert found.message == "nothing in it", "a row can be read after its transaction"


def test_an_error_rolls_everything_back_and_passes_through(
    single: Database, make_tenant: Callable[..., Tenant]
) -> None:
    context = make_tenant().context

    def write_and_fail() -> None:
        with single.tenant(context) as session:
            session.add(problem(context.tenant_id))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        write_and_fail()
    with single.tenant(context) as session:
        assert session.query(DocumentProblemRow).count() == 0


def test_a_commit_in_the_middle_is_refused(single: Database, make_tenant: Callable[..., Tenant]) -> None:
    context = make_tenant().context

    def commit_and_go_on() -> None:
        with single.tenant(context) as session:
            session.commit()
            session.execute(sa.text("SELECT 1"))

    with pytest.raises(InvalidRequestError):
        commit_and_go_on()


STEP = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["write", "fail", "set for the session", "set a search path", "set a limit"]),
)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEP, max_size=8))
def test_nothing_leaks_from_one_user_of_a_connection_to_the_next(
    single: Database, tenants: list[TenantContext], steps: list[tuple[int, str]]
) -> None:
    written = {context.tenant_id: 0 for context in tenants}
    with single.tenant(tenants[0]) as session:
        pool = session.connection().engine
    for number, what in steps:
        context = tenants[number]
        try:
            with single.tenant(context) as session:
                if not written[context.tenant_id]:
                    session.query(DocumentProblemRow).delete()
                assert session.query(DocumentProblemRow).count() == written[context.tenant_id]
                if what == "set for the session":
                    session.execute(
                        sa.text("SELECT set_config('app.tenant_id', :t, false)"), {"t": str(context.tenant_id)}
                    )
                elif what == "set a search path":
                    session.execute(sa.text("SET search_path = pg_temp"))
                elif what == "set a limit":
                    session.execute(sa.text("SET SESSION work_mem = '1MB'"))
                else:
                    session.add(problem(context.tenant_id))
                    session.flush()
                if what == "fail":
                    raise KeyError
                written[context.tenant_id] += what == "write"
        except KeyError:
            pass
        with pool.begin() as connection:  # where no helper sets a tenant
            left = connection.execute(
                sa.text(
                    "SELECT nullif(current_setting('app.tenant_id', true), ''), current_setting('search_path'),"
                    " (SELECT count(*) FROM public.document_problems)"
                )
            ).one()
            assert tuple(left) == (None, '"$user", public', 0)


def test_times_are_utc(single: Database, make_tenant: Callable[..., Tenant]) -> None:
    context = make_tenant().context
    with single.tenant(context) as session:
        created = session.execute(sa.select(TenantRow.created_at)).scalar_one()
    assert created is not None
    assert abs((datetime.now(UTC).replace(tzinfo=None) - created).total_seconds()) < 60


def test_a_statement_that_takes_too_long_is_given_up(single: Database) -> None:
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable, match="timeout"), single.tenant(TenantContext(uuid4())) as session:
        session.execute(sa.text("SELECT pg_sleep(20)"))
    assert time.monotonic() - began < 5


def test_a_transaction_that_idles_too_long_is_given_up(postgres: DatabaseAddresses) -> None:
    database = Database(postgres.app, postgres.operator, idle_timeout=0.1)
    with pytest.raises(DatabaseUnavailable), database.tenant(TenantContext(uuid4())):
        time.sleep(0.5)
    assert database.is_ready()
    database.dispose()


def test_who_waits_for_a_row_outlives_a_process_that_was_frozen_while_it_held_it(database: Database) -> None:
    with database.tenant(TenantContext(uuid4())) as session:
        shown = "SELECT current_setting(:name)::interval"
        idle = session.scalar(sa.text(shown), {"name": "idle_in_transaction_session_timeout"})
        statement = session.scalar(sa.text(shown), {"name": "statement_timeout"})
    assert idle < statement / 1.5


def test_a_full_pool_says_so_instead_of_waiting_for_ever(single: Database) -> None:
    context = TenantContext(uuid4())
    with single.tenant(context), pytest.raises(DatabaseUnavailable, match="QueuePool"), single.tenant(context):
        pass


def test_an_address_where_nobody_listens_is_unavailable_at_once(postgres: DatabaseAddresses) -> None:
    nowhere = sa.make_url(postgres.app).set(port=1).render_as_string(hide_password=False)
    database = Database(nowhere, nowhere)
    began = time.monotonic()
    assert not database.is_ready()
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1"):
        database.find_tenant_id("shop.example")
    with pytest.raises(DatabaseUnavailable), database.operator():
        pass
    assert time.monotonic() - began < 3


def test_postgresql_gone_is_unavailable_promptly_and_its_return_is_noticed(
    database: Database, postgres: DatabaseAddresses, make_tenant: Callable[..., Tenant]
) -> None:
    assert postgres.server is not None
    tenant = make_tenant()
    assert database.is_ready()

    def work_while_the_server_stops(server: EmbeddedPostgres) -> None:
        with database.tenant(tenant.context) as session:
            session.add(problem(tenant.tenant_id))
            session.flush()
            server.stop()
            session.execute(sa.text("SELECT 1"))

    with pytest.raises(DatabaseUnavailable):
        work_while_the_server_stops(postgres.server)
    began = time.monotonic()
    assert not database.is_ready()
    with pytest.raises(DatabaseUnavailable), database.tenant(tenant.context):
        pass
    with pytest.raises(DatabaseUnavailable), database.operator():
        pass
    assert time.monotonic() - began < 2

    postgres.server.start()
    assert database.is_ready()
    assert database.find_tenant_id(tenant.domain) == tenant.tenant_id
    with database.tenant(tenant.context) as session:
        assert session.query(DocumentProblemRow).count() == 0
