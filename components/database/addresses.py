"""Where the database is, for each of those who use it."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from components.core.errors import InvalidSetting
from components.database.embedded import EmbeddedPostgres
from components.database.roles import APP, DAGSTER, OPERATOR, RoleSecrets


@dataclass(frozen=True)
class DatabaseAddresses:
    """Addresses with passwords, each for one role, and the embedded server where there is one.

    app, operator: for components.database.session.Database. dagster: a database of its own, in the form
    dagster-postgres needs (psycopg2). server: holds this process's lease; None with HELPDESK_DATABASE_URL.
    """

    app: str = field(repr=False)
    operator: str = field(repr=False)
    dagster: str = field(repr=False)
    server: EmbeddedPostgres | None = None

    def close(self) -> None:
        """Gives up the embedded server, which stops where nobody else uses it."""
        if self.server is not None:
            self.server.release()


def parse_owner_url(text: str) -> URL:
    """The address that HELPDESK_DATABASE_URL gives. Raises InvalidSetting, without repeating the password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise InvalidSetting("HELPDESK_DATABASE_URL is not an address", field="HELPDESK_DATABASE_URL") from error
    if url.get_backend_name() not in ("postgresql", "postgres") or not url.database:
        raise InvalidSetting(
            f"HELPDESK_DATABASE_URL={url.render_as_string()}: want postgresql://role:password@host:port/database",
            field="HELPDESK_DATABASE_URL",
        )
    return url.set(drivername="postgresql+psycopg")


def derive_addresses(owner: URL, secrets: RoleSecrets, server: EmbeddedPostgres | None) -> DatabaseAddresses:
    """The addresses of the roles, on the server and with the options (sslmode, …) of the owner's address."""

    def address(url: URL, role: str, password: str) -> str:
        return url.set(username=role, password=password).render_as_string(hide_password=False)

    dagster = owner.set(drivername="postgresql+psycopg2", database=dagster_database(owner))
    return DatabaseAddresses(
        app=address(owner, APP, secrets.app),
        operator=address(owner, OPERATOR, secrets.operator),
        dagster=address(dagster, DAGSTER, secrets.dagster),
        server=server,
    )


def dagster_database(owner: URL) -> str:
    """Name of Dagster's own database, beside the helpdesk's."""
    return f"{owner.database}_dagster"
