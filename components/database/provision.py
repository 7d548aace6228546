"""From settings to a database that is ready to work on, whichever process comes first."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import psycopg
from filelock import FileLock, Timeout
from psycopg import sql
from sqlalchemy import URL

from components.core.errors import DatabaseUnavailable
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses, dagster_database, derive_addresses, parse_owner_url
from components.database.embedded import EmbeddedPostgres
from components.database.files import write_private
from components.database.migrate import connect, migrate
from components.database.roles import DAGSTER, RoleSecrets

_WAIT = 180.0


def provision(settings: Settings) -> DatabaseAddresses:
    """Finds or starts the server, migrates, makes Dagster's database, and says where everything is.

    Any number of processes may call it at once on one data folder: they take turns and share one embedded
    server. It stops when the last of them calls `close` on what it got. The roles' passwords are in
    `database-secrets.json` there, readable by its owner only. Raises DatabaseUnavailable, and InvalidSetting
    for a HELPDESK_DATABASE_URL that cannot be used.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(settings.data_dir / "database.lock", timeout=_WAIT):
            return _provision(settings)
    except Timeout as error:
        raise DatabaseUnavailable(f"another process keeps {settings.data_dir / 'database.lock'}") from error


def _provision(settings: Settings) -> DatabaseAddresses:
    secrets = _role_secrets(settings.data_dir / "database-secrets.json")
    server: EmbeddedPostgres | None = None
    if settings.database_url is None:
        server = EmbeddedPostgres(settings.data_dir / "postgres")
        server.start()
    try:
        url = server.url if server else settings.database_url.get_secret_value() if settings.database_url else ""
        owner = parse_owner_url(url)
        migrate(url, secrets)
        _create_dagster_database(owner)
        return derive_addresses(owner, secrets, server)
    except BaseException:
        if server is not None:
            server.release()
        raise


def _role_secrets(path: Path) -> RoleSecrets:
    if not path.exists():
        write_private(path, json.dumps(asdict(RoleSecrets())))
    try:
        return RoleSecrets(**json.loads(path.read_text()))
    except (TypeError, ValueError) as error:
        raise DatabaseUnavailable(f"{path} is damaged: {error}; remove it and start again") from error


def _create_dagster_database(owner: URL) -> None:
    name = dagster_database(owner)
    with connect(owner) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return
        database, role = sql.Identifier(name), sql.Identifier(DAGSTER)
        try:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))
        except psycopg.errors.DuplicateDatabase:
            return
        connection.execute(sql.SQL("SET ROLE {}").format(role))
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
