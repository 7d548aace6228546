"""Rows copied out as CSV: all of them, as they are, and errors as errors."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest

from components.core.errors import DatabaseUnavailable
from components.core.tenant import Tenant
from components.database.copying import copy_csv
from components.database.session import Database


def test_rows_come_whole_and_in_order(database: Database, make_tenant: Callable[..., Tenant]) -> None:
    with database.snapshot(make_tenant().context, 30) as session:
        query = "SELECT n, repeat('x', n %% 90) FROM generate_series(1, %(count)s) AS n"
        lines = copy_csv(session.connection(), query, {"count": 50_000}).decode().splitlines()
        assert [line.partition(",")[0] for line in lines] == [str(n + 1) for n in range(50_000)]
        cells = "SELECT NULL, '', 'a,b', E'two\nlines', %(word)s"
        assert copy_csv(session.connection(), cells, {"word": 'it\'s "so"'}) == (
            b',"","a,b","two\nlines","it\'s ""so"""\n'
        )
        assert copy_csv(session.connection(), "SELECT 1 WHERE false", {}) == b""


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT no_such_column", psycopg.errors.UndefinedColumn),
        ("SELECT 1 / (3000 - n) FROM generate_series(1, 5000) AS n", psycopg.errors.DivisionByZero),
        ("SELECT pg_sleep(5)::text", DatabaseUnavailable),
    ],
)
def test_what_fails_raises_and_leaves_the_connection_usable(
    database: Database, make_tenant: Callable[..., Tenant], query: str, error: type[Exception]
) -> None:
    tenant = make_tenant().context
    with pytest.raises(error), database.snapshot(tenant, 0.2) as session:
        copy_csv(session.connection(), query, {})
    with database.snapshot(tenant, 30) as session:
        assert copy_csv(session.connection(), "SELECT 1", {}) == b"1\n"


def test_a_snapshot_writes_nothing_and_stays_as_it_was(database: Database, make_tenant: Callable[..., Tenant]) -> None:
    from sqlalchemy import text
    from sqlalchemy.exc import InternalError

    tenant = make_tenant().context
    count, note = text("SELECT count(*) FROM canned_answers"), "INSERT INTO canned_answers VALUES (:id, 'hi', 'Hello')"
    with database.snapshot(tenant, 30) as session:
        assert session.execute(count).scalar_one() == 0
        with database.tenant(tenant) as other:
            other.execute(text(note), {"id": tenant.tenant_id})
        assert session.execute(count).scalar_one() == 0
    with pytest.raises(InternalError, match="read-only"), database.snapshot(tenant, 30) as session:
        session.execute(text(note), {"id": tenant.tenant_id})
    with database.tenant(tenant) as session:
        session.execute(count)
        assert session.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"
