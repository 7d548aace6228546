"""n8n's own database and role, on the server that the helpdesk has, without a way into the helpdesk's tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from psycopg import sql
from sqlalchemy import URL

from components.database.migrate import connect

_ROLE = "helpdesk_n8n"


@dataclass(frozen=True)
class OwnDatabase:
    """settings: n8n's, for it. identity: another one where it was dropped and made anew."""

    settings: Mapping[str, str]
    identity: str


def provide_database(owner: URL, password: str) -> OwnDatabase:
    """Makes role and database where they are absent. owner: may create both. Raises DatabaseUnavailable,
    InvalidSetting."""
    database = f"{owner.database}_n8n"
    role = sql.Identifier(_ROLE)
    with connect(owner) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [_ROLE]).fetchone():
            connection.execute(sql.SQL("CREATE ROLE {} NOINHERIT").format(role))
        # The server gets only the SCRAM verifier, so no password can end up in its log.
        verifier = connection.pgconn.encrypt_password(password.encode(), _ROLE.encode(), b"scram-sha-256").decode()
        connection.execute(sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(verifier)))
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), role))
            connection.execute(sql.SQL("SET ROLE {}").format(role))
            connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(sql.Identifier(database)))
            connection.execute("RESET ROLE")
        row = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [database]).fetchone()
    encrypted = owner.query.get("sslmode") in ("require", "verify-ca", "verify-full")
    settings = {
        "DB_TYPE": "postgresdb",
        "DB_POSTGRESDB_HOST": owner.host or "127.0.0.1",
        "DB_POSTGRESDB_PORT": str(owner.port or 5432),
        "DB_POSTGRESDB_DATABASE": database,
        "DB_POSTGRESDB_USER": _ROLE,
        "DB_POSTGRESDB_PASSWORD": password,
        "DB_POSTGRESDB_SSL_ENABLED": str(encrypted).lower(),
    }
    return OwnDatabase(settings, f"{database} {row}")
