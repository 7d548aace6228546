"""The database roles: who owns, works, reads reports and keeps the registry, and that none sees past its tenant."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import sql

from components.core.errors import InvalidSetting

OWNER = "helpdesk_owner"
APP = "helpdesk_app"
OPERATOR = "helpdesk_operator"
DAGSTER = "helpdesk_dagster"
# Reads the views of reports and nothing else; the application becomes it for one transaction, nobody logs in as it.
REPORTS = "helpdesk_reports"


def _new_password() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class RoleSecrets:
    """Passwords of the three roles that log in; the owner of the tables never does."""

    app: str = field(default_factory=_new_password, repr=False)
    operator: str = field(default_factory=_new_password, repr=False)
    dagster: str = field(default_factory=_new_password, repr=False)

    def by_role(self) -> Mapping[str, str]:
        return {APP: self.app, OPERATOR: self.operator, DAGSTER: self.dagster}


def ensure_roles(connection: psycopg.Connection[Any], secrets: RoleSecrets) -> None:
    """Makes the roles that are absent, sets the passwords, and lets the connected role act as owner.

    Raises InvalidSetting where a role of one of our names exists that could see past row-level security.
    """
    for name in (OWNER, REPORTS, *secrets.by_role()):
        if not _exists(connection, name):
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN NOINHERIT").format(sql.Identifier(name)))
    for name, password in secrets.by_role().items():
        # The server gets only the SCRAM verifier, so no password can end up in its log.
        verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        statement = sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Literal(verifier)))
    _let_act_as(connection, OWNER)
    _let_act_as(connection, DAGSTER)
    # The application inherits nothing: it must say that it acts as the other, and then may do less.
    connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(REPORTS), sql.Identifier(APP)))
    _refuse_powerful(connection)


def _exists(connection: psycopg.Connection[Any], role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is not None


def _let_act_as(connection: psycopg.Connection[Any], role: str) -> None:
    # PostgreSQL 16 told membership and the right to SET ROLE apart.
    privilege = "SET" if connection.info.server_version >= 160000 else "MEMBER"
    row = connection.execute("SELECT pg_has_role(current_user, %s, %s)", [role, privilege]).fetchone()
    if row is None or not row[0]:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _refuse_powerful(connection: psycopg.Connection[Any]) -> None:
    powerful = connection.execute(
        "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls OR rolcreaterole)",
        [[OWNER, APP, OPERATOR, DAGSTER, REPORTS]],
    ).fetchall()
    if powerful:
        names = ", ".join(name for (name,) in powerful)
        raise InvalidSetting(
            f"{names}: may bypass row-level security; alter to NOSUPERUSER NOBYPASSRLS NOCREATEROLE",
            field="HELPDESK_DATABASE_URL",
        )
