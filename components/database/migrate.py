"""Brings a database of any age to the newest tables, roles and policies; twice or by two at once does no harm."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy import URL, Connection, NullPool, create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from components.core.errors import DatabaseUnavailable, InvalidSetting
from components.database.addresses import parse_owner_url
from components.database.roles import APP, OPERATOR, OWNER, REPORTS, RoleSecrets, ensure_roles

# Any number will do, as long as nothing else in the database takes the same one.
_LOCK = 7_215_904_318
_LOCK_SECONDS = 120


def migrate(owner_url: str, secrets: RoleSecrets) -> None:
    """Makes the roles with these passwords, and runs the migrations that are missing.

    owner_url: postgresql:// address of a role that may create roles. Raises DatabaseUnavailable where it
    cannot be reached or another migration does not end, InvalidSetting where the role may not do it.
    """
    owner = parse_owner_url(owner_url)
    with connect(owner) as connection, _sole(connection):
        ensure_roles(connection, secrets)
        _open_schema(connection, owner)
        with as_owner(owner_url) as session:
            command.upgrade(alembic_config(session), "head")


@contextlib.contextmanager
def connect(url: URL) -> Iterator[psycopg.Connection[Any]]:
    """A plain connection that commits every statement. Raises DatabaseUnavailable where it fails or breaks,
    InvalidSetting where its role lacks a privilege."""
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        with psycopg.connect(address, connect_timeout=10, autocommit=True) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL at {url.host}:{url.port or 5432} failed: {error}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise _too_weak(url, error) from error


@contextlib.contextmanager
def as_owner(owner_url: str) -> Iterator[Connection]:
    """A connection that acts as the tables' owner, as every migration must: the tables shall not belong to
    a superuser, whom row-level security does not bind."""
    owner = parse_owner_url(owner_url)
    engine = create_engine(owner, poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            connection.execute(text(f"SET ROLE {OWNER}"))
            connection.commit()
            yield connection
    except OperationalError as error:
        raise DatabaseUnavailable(f"PostgreSQL at {owner.host}:{owner.port or 5432} failed: {error.orig}") from error
    except ProgrammingError as error:
        if isinstance(error.orig, psycopg.errors.InsufficientPrivilege):
            raise _too_weak(owner, error.orig) from error
        raise
    finally:
        engine.dispose()


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for our migrations on this connection."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _too_weak(url: URL, refused: Exception) -> InvalidSetting:
    return InvalidSetting(
        f"the role {url.username!r} of HELPDESK_DATABASE_URL may not do this: {str(refused).strip()}; "
        f"it needs CREATEROLE, CREATEDB and to own the database {url.database!r}",
        field="HELPDESK_DATABASE_URL",
    )


@contextlib.contextmanager
def _sole(connection: psycopg.Connection[Any]) -> Iterator[None]:
    connection.execute(f"SET lock_timeout = '{_LOCK_SECONDS}s'")
    connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
    try:
        yield
    finally:
        with contextlib.suppress(psycopg.Error):
            connection.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _open_schema(connection: psycopg.Connection[Any], url: URL) -> None:
    owner, app, operator, reports = (sql.Identifier(name) for name in (OWNER, APP, OPERATOR, REPORTS))
    database = sql.Identifier(url.database or "")
    connection.execute(sql.SQL("GRANT USAGE, CREATE ON SCHEMA public TO {}").format(owner))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}, {}, {}").format(app, operator, reports))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}, {}").format(database, app, operator))
