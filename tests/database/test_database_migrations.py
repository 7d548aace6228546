"""The migrations give what the tables declare, both ways, whoever runs them and how many at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command

from components.core.errors import DatabaseUnavailable, InvalidSetting
from components.core.settings import Settings
from components.database.embedded import EmbeddedPostgres
from components.database.migrate import alembic_config, as_owner, migrate
from components.database.provision import provision
from components.database.roles import RoleSecrets
from components.database.session import Database


@pytest.fixture
def empty_url(owner_url: str) -> Iterator[str]:
    """A new, empty database on the session's server."""
    name = f"empty_{uuid4().hex}"
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield sa.make_url(owner_url).set(database=name).render_as_string(hide_password=False)
        connection.execute(f"DROP DATABASE {name}")


def relations(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            " UNION SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        )
        return sorted(name for (name,) in found)


def test_migrating_from_empty_gives_what_the_tables_declare(empty_url: str, role_secrets: RoleSecrets) -> None:
    migrate(empty_url, role_secrets)
    with as_owner(empty_url) as connection:
        command.check(alembic_config(connection))


def test_every_migration_can_be_taken_back_and_made_again(empty_url: str, role_secrets: RoleSecrets) -> None:
    migrate(empty_url, role_secrets)
    made = relations(empty_url)
    with as_owner(empty_url) as connection:
        command.downgrade(alembic_config(connection), "base")
    assert relations(empty_url) == ["alembic_version", "alembic_version_pkc"]
    migrate(empty_url, role_secrets)
    assert relations(empty_url) == made


def test_calls_of_models_from_before_their_purpose_was_kept_stay_as_unknown(
    empty_url: str, role_secrets: RoleSecrets
) -> None:
    migrate(empty_url, role_secrets)
    with as_owner(empty_url) as connection:
        command.downgrade(alembic_config(connection), "0017")
    with psycopg.connect(empty_url, autocommit=True) as connection:
        tenant_id = uuid4()
        connection.execute(
            "INSERT INTO tenants (tenant_id, name, domain, config_json) VALUES (%s, 'T', 't.example', '{}')",
            [tenant_id],
        )
        connection.execute(
            "INSERT INTO model_calls (call_id, tenant_id, model, provider, input_tokens, output_tokens, estimated,"
            " cost, currency, seconds) VALUES (gen_random_uuid(), %s, 'm', 'tgi', 5, 2, false, 0.25, 'EUR', 0.5)",
            [tenant_id],
        )
        migrate(empty_url, role_secrets)
        kept = connection.execute("SELECT purpose, channel, conversation_id, cost FROM model_calls").fetchall()
        assert kept == [("unknown", None, None, Decimal("0.25"))]
        with pytest.raises(psycopg.errors.CheckViolation):
            connection.execute("UPDATE model_calls SET channel = 'web'")


def test_several_may_migrate_at_once(empty_url: str, role_secrets: RoleSecrets) -> None:
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: migrate(empty_url, role_secrets), range(3)))
    assert "tenants" in relations(empty_url)


@pytest.mark.parametrize("address", ["", "not an address", "mysql://root@localhost/x", "postgresql://me@localhost"])
def test_an_address_that_is_none_of_postgresql_is_refused(address: str) -> None:
    with pytest.raises(InvalidSetting, match="HELPDESK_DATABASE_URL"):
        migrate(address, RoleSecrets())


def test_a_server_out_of_reach_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable, match=r"127\.0\.0\.1:1 "):
        migrate("postgresql://me:secret@127.0.0.1:1/helpdesk", RoleSecrets())


def test_a_server_of_ones_own_needs_no_superuser(bare_folder: Path, make_folder: Callable[[], Path]) -> None:
    server = EmbeddedPostgres(bare_folder)
    server.start()
    try:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'p@ss/word'")
            connection.execute("CREATE ROLE nobody_much LOGIN PASSWORD 'weak'")
            connection.execute("CREATE DATABASE desk OWNER manager")
            connection.execute("CREATE DATABASE other OWNER nobody_much")
        address = sa.make_url(server.url)

        weak = address.set(username="nobody_much", password="weak", database="other")
        with pytest.raises(InvalidSetting, match="CREATEROLE"):
            provision(settings_for(weak, make_folder()))
        anothers = address.set(username="manager", password="p@ss/word", database="other")
        with pytest.raises(InvalidSetting, match="own the database 'other'"):
            provision(settings_for(anothers, make_folder()))

        managed = address.set(username="manager", password="p@ss/word", database="desk")
        settings = settings_for(managed, make_folder())
        addresses = provision(settings)
        assert addresses.server is None
        assert provision(settings) == addresses, "a second time changes nothing"
        database = Database(addresses.app, addresses.operator)
        assert database.is_ready()
        assert database.find_tenant_id("nobody.example") is None
        database.dispose()
        with sa.create_engine(addresses.dagster, poolclass=sa.NullPool).begin() as dagster:
            dagster.execute(sa.text("CREATE TABLE runs (x int)"))

        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("ALTER ROLE helpdesk_app BYPASSRLS")
        with pytest.raises(InvalidSetting, match="helpdesk_app: may bypass"):
            provision(settings)
    finally:
        server.stop()


def settings_for(url: sa.URL, folder: Path) -> Settings:
    return Settings.model_validate({"data_dir": folder, "database_url": url.render_as_string(hide_password=False)})
