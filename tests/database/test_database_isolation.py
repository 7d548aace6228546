"""A tenant sees and changes its own rows and nobody else's, in every table there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from database_rows import Rows, build_rows
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.report_views import REPORT_VIEWS
from components.database.roles import APP, OPERATOR, OWNER, REPORTS
from components.database.session import Database
from components.database.tables import Base

TABLES = sorted(Base.metadata.tables)
Fill = Callable[[], tuple[TenantContext, Rows]]


def refusal(session: Session, statement: sa.Executable) -> str:
    """How the database refuses a statement: the reason, or "" where it affects no row."""
    try:
        with session.begin_nested():
            result = session.execute(statement)
            assert isinstance(result, sa.CursorResult)
            assert result.rowcount == 0, "rows were changed"
    except ProgrammingError as error:
        if not isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise
        return str(error.orig)
    return ""


@pytest.fixture(scope="module")
def owner(owner_url: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        yield connection


def test_every_table_of_the_database_is_declared(owner: psycopg.Connection[tuple[str]]) -> None:
    found = owner.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " AND relkind IN ('r', 'p', 'v', 'm', 'f')"
    )
    assert sorted(name for (name,) in found) == sorted([*TABLES, *REPORT_VIEWS, "alembic_version"])


@pytest.mark.parametrize("table", TABLES)
def test_every_table_forces_row_level_security_on_its_tenant_id(
    owner: psycopg.Connection[tuple[object, ...]], table: str
) -> None:
    security = owner.execute(
        "SELECT relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) FROM pg_class WHERE oid = %s::regclass",
        [table],
    ).fetchone()
    assert security == (True, True, OWNER)
    policies = owner.execute(
        "SELECT roles::text[], cmd, qual, with_check FROM pg_policies WHERE tablename = %s AND %s = ANY(roles)",
        [table, APP],
    ).fetchall()
    condition = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
    assert policies == [([APP], "ALL", condition, condition)]
    column = owner.execute(
        "SELECT data_type, is_nullable FROM information_schema.columns"
        " WHERE table_name = %s AND column_name = 'tenant_id'",
        [table],
    ).fetchone()
    assert column == ("uuid", "NO")


@pytest.mark.parametrize("table", [name for name in TABLES if name != "tenants"])
def test_every_row_goes_with_its_tenant(fill_tenant: Fill, database: Database, table: str) -> None:
    context, _ = fill_tenant()
    with database.operator() as session:
        session.execute(sa.text("DELETE FROM tenants WHERE tenant_id = :id"), {"id": context.tenant_id})
    with database.tenant(context) as session:
        assert session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


@pytest.mark.parametrize("table", TABLES)
def test_no_tenant_set_means_no_rows(fill_tenant: Fill, postgres: DatabaseAddresses, table: str) -> None:
    _, rows = fill_tenant()
    declared = Base.metadata.tables[table]
    engine = sa.create_engine(postgres.app, poolclass=sa.NullPool)
    for setting in (None, ""):
        with Session(engine) as session:
            if setting is not None:
                session.execute(sa.text("SELECT set_config('app.tenant_id', '', true)"))
            assert session.execute(sa.select(declared)).all() == []
            assert refusal(session, declared.insert().values(build_rows(rows[table]["tenant_id"])[table]))
            refusal(session, declared.update().values(tenant_id=declared.c.tenant_id))
            refusal(session, declared.delete())


@pytest.mark.parametrize("table", TABLES)
def test_a_tenant_cannot_reach_anothers_rows(fill_tenant: Fill, database: Database, table: str) -> None:
    ours, _ = fill_tenant()
    theirs, their_rows = fill_tenant()
    declared = Base.metadata.tables[table]
    of_theirs = declared.c.tenant_id == theirs.tenant_id
    with database.tenant(theirs) as session:
        before = session.execute(sa.select(declared)).all()
    assert len(before) == 1

    with database.tenant(ours) as session:
        seen = session.execute(sa.select(declared.c.tenant_id)).scalars().all()
        assert seen == [ours.tenant_id]
        assert session.execute(sa.select(declared).where(of_theirs)).all() == []
        refusal(session, declared.update().where(of_theirs).values(tenant_id=ours.tenant_id))
        refusal(session, declared.delete().where(of_theirs))
        assert refusal(session, declared.update().values(tenant_id=theirs.tenant_id)), "a row was given away"
        new = their_rows[table] | {c.name: build_rows(theirs.tenant_id)[table][c.name] for c in declared.primary_key}
        assert refusal(session, declared.insert().values(new | {"tenant_id": theirs.tenant_id}))

    with database.tenant(theirs) as session:
        assert session.execute(sa.select(declared)).all() == before


def test_feedback_cannot_be_hung_on_another_tenants_answer(fill_tenant: Fill, database: Database) -> None:
    ours, our_rows = fill_tenant()
    theirs, _ = fill_tenant()
    with database.tenant(theirs) as session:
        session.execute(sa.text("DELETE FROM feedback"))
        (answer,) = session.execute(sa.text("SELECT answer_id FROM answers")).scalars().all()
    row = our_rows["feedback"] | {"feedback_id": uuid4(), "answer_id": answer}
    with pytest.raises(IntegrityError), database.tenant(ours) as session:
        session.execute(Base.metadata.tables["feedback"].insert().values(row))


def test_an_audit_entry_cannot_be_changed_or_removed(fill_tenant: Fill, database: Database) -> None:
    ours, _ = fill_tenant()
    with database.tenant(ours) as session:
        assert refusal(session, sa.text("UPDATE audit_logs SET action = 'nothing'"))
        assert refusal(session, sa.text("DELETE FROM audit_logs"))


def test_a_tenant_keeps_its_own_configuration_and_not_its_domain(
    make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant = make_tenant()
    with database.tenant(tenant.context) as session:
        session.execute(sa.text('UPDATE tenants SET config_json = \'{"colour": "green"}\''))
        assert refusal(session, sa.text("UPDATE tenants SET domain = 'bank.example'"))
        assert refusal(session, sa.text("DELETE FROM tenants"))


@pytest.mark.parametrize("table", [name for name in TABLES if name != "tenants"] + ["alembic_version"])
def test_the_operator_has_nothing_but_the_registry(database: Database, table: str) -> None:
    with database.operator() as session:
        for verb in (f"SELECT FROM {table}", f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            assert "permission denied" in refusal(session, sa.text(verb))


@pytest.mark.parametrize(
    "attempt",
    [
        f"SET ROLE {OWNER}",
        f"SET ROLE {OPERATOR}",
        "SET ROLE postgres",
        "ALTER TABLE documents NO FORCE ROW LEVEL SECURITY",
        "CREATE POLICY everything ON documents USING (true)",
        "DROP TABLE documents",
        "TRUNCATE documents",
        "CREATE TABLE mine (x int)",
        "SELECT FROM alembic_version",
        "ALTER ROLE helpdesk_app BYPASSRLS",
    ],
)
def test_the_application_role_cannot_lift_itself_up(database: Database, attempt: str) -> None:
    with (
        pytest.raises(ProgrammingError) as refused,
        database.tenant(TenantContext(uuid4())) as session,
    ):
        session.execute(sa.text(attempt))
    assert isinstance(refused.value.orig, psycopg.errors.InsufficientPrivilege)


def test_no_role_of_ours_owns_or_bypasses(owner: psycopg.Connection[tuple[object, ...]]) -> None:
    roles = owner.execute(
        "SELECT rolname, rolcanlogin, rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication,"
        " (SELECT count(*) FROM pg_class WHERE relowner = r.oid),"
        " (SELECT count(*) FROM pg_auth_members WHERE member = r.oid)"
        " FROM pg_roles r WHERE rolname LIKE 'helpdesk%' ORDER BY rolname"
    ).fetchall()
    assert [(name, login, power, memberships) for name, login, power, _, memberships in roles] == [
        ("helpdesk_app", True, False, 1),
        ("helpdesk_dagster", True, False, 0),
        ("helpdesk_operator", True, False, 0),
        ("helpdesk_owner", False, False, 0),
        ("helpdesk_reports", False, False, 0),
    ]
    of_app = owner.execute(
        "SELECT r.rolname, inherit_option FROM pg_auth_members m JOIN pg_roles r ON r.oid = roleid"
        " WHERE member = %s::regrole",
        [APP],
    ).fetchall()
    assert of_app == [(REPORTS, False)], "the application may become who reads reports, and is nobody else"
    assert [name for name, _, _, owned, _ in roles if owned] == ["helpdesk_owner"]


def test_turning_row_security_off_gives_an_error_and_no_rows(fill_tenant: Fill, database: Database) -> None:
    ours, _ = fill_tenant()
    with database.tenant(ours) as session:
        session.execute(sa.text("SET LOCAL row_security = off"))
        assert "row-level security" in refusal(session, sa.text("SELECT FROM documents"))


def test_the_owner_is_bound_by_the_policies_too(
    fill_tenant: Fill, owner: psycopg.Connection[tuple[object, ...]]
) -> None:
    fill_tenant()
    with owner.transaction():
        owner.execute(f"SET LOCAL ROLE {OWNER}")
        assert owner.execute("SELECT count(*) FROM documents").fetchone() == (0,)


def test_dagsters_role_stays_in_its_own_database(postgres: DatabaseAddresses) -> None:
    url = sa.make_url(postgres.dagster)
    with sa.create_engine(url, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("CREATE TABLE runs_of_this_test (x int)"))
    with pytest.raises(sa.exc.OperationalError, match="permission denied"):
        sa.create_engine(url.set(database="helpdesk"), poolclass=sa.NullPool).connect()
    with pytest.raises(sa.exc.OperationalError, match="permission denied"):
        sa.create_engine(sa.make_url(postgres.app).set(database=url.database), poolclass=sa.NullPool).connect()


def test_a_tenant_is_found_by_its_domain_before_it_is_known(
    make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant = make_tenant()
    assert database.find_tenant_id(tenant.domain) == tenant.tenant_id
    assert database.find_tenant_id("unheard-of.example") is None
    assert database.find_tenant_id("' OR true --") is None


@pytest.mark.parametrize("table", [*TABLES, "alembic_version"])
def test_who_reads_reports_reads_no_table_and_writes_nothing(fill_tenant: Fill, database: Database, table: str) -> None:
    ours, _ = fill_tenant()
    with database.reports(ours, 5) as session:
        assert "permission denied" in refusal(session, sa.text(f"SELECT FROM {table}"))
        with pytest.raises(sa.exc.InternalError, match="read-only transaction"), session.begin_nested():
            session.execute(sa.text(f"INSERT INTO {table} DEFAULT VALUES"))
    with database.tenant(ours) as session:
        session.execute(sa.text(f"SET LOCAL ROLE {REPORTS}"))
        for verb in (f"DELETE FROM {table}", f"INSERT INTO {table} DEFAULT VALUES"):
            assert "permission denied" in refusal(session, sa.text(verb))


@pytest.mark.parametrize("view", sorted(REPORT_VIEWS))
def test_a_report_holds_what_it_declares_of_its_tenant_only(fill_tenant: Fill, database: Database, view: str) -> None:
    ours, _ = fill_tenant()
    fill_tenant()
    columns = list(REPORT_VIEWS[view].columns)
    with database.reports(ours, 5) as session:
        rows = session.execute(sa.text(f"SELECT * FROM {view}"))
        assert list(rows.keys()) == columns
        assert len(rows.all()) == 1
    with database.tenant(ours) as session:
        assert "permission denied" in refusal(session, sa.text(f"SELECT FROM {view}"))
