"""Whoever comes first makes the database; everybody after finds the same one, and nobody pulls it away."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from components.core.errors import DatabaseUnavailable
from components.core.settings import Settings
from components.database.addresses import DatabaseAddresses
from components.database.provision import provision
from components.database.session import Database

COMMAND = """
import sys
from components.core.settings import load_settings
from components.database.provision import provision
from components.database.session import Database
addresses = provision(load_settings(data_dir=sys.argv[1]))
database = Database(addresses.app, addresses.operator)
assert database.is_ready()
database.dispose()
print(addresses.app)
addresses.close()
"""


def run_command(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(folder)], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    )


def test_commands_that_start_at_once_all_find_one_database_and_stop_it_in_the_end(
    make_folder: Callable[[], Path],
) -> None:
    folder = make_folder()
    commands = [run_command(folder) for _ in range(2)]
    printed = {command.communicate(timeout=120)[0] for command in commands}
    assert [command.returncode for command in commands] == [0, 0]
    assert len(printed) == 1
    assert not (folder / "postgres" / "cluster" / "postmaster.pid").exists()


def test_a_command_beside_a_running_helpdesk_leaves_its_server_alone(
    postgres: DatabaseAddresses, database: Database, data_dir: Path
) -> None:
    assert database.is_ready()
    command = run_command(data_dir)
    assert command.communicate(timeout=120)[0].strip() == postgres.app
    assert database.is_ready()


def test_provisioning_again_changes_no_address(postgres: DatabaseAddresses, data_dir: Path) -> None:
    again = provision(Settings.model_validate({"data_dir": data_dir}))
    assert (again.app, again.operator, again.dagster) == (postgres.app, postgres.operator, postgres.dagster)
    again.close()


def test_passwords_stay_in_a_private_file_and_out_of_what_is_printed(
    postgres: DatabaseAddresses, data_dir: Path
) -> None:
    file = data_dir / "database-secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    passwords = list(json.loads(file.read_text()).values())
    assert len({*passwords}) == 3
    log = (data_dir / "postgres" / "server.log").read_text()
    for password in passwords:
        assert password in postgres.app + postgres.operator + postgres.dagster
        assert password not in repr(postgres) + log


def test_each_role_has_an_address_of_the_right_kind(postgres: DatabaseAddresses) -> None:
    assert postgres.app.startswith("postgresql+psycopg://helpdesk_app:")
    assert postgres.operator.startswith("postgresql+psycopg://helpdesk_operator:")
    assert postgres.dagster.startswith("postgresql+psycopg2://helpdesk_dagster:")
    assert postgres.dagster.endswith("/helpdesk_dagster")


@pytest.mark.parametrize("damage", ["", "{}]", '{"app": "x"', '{"who": "x"}', "[1]"])
def test_damaged_secrets_are_named(make_folder: Callable[[], Path], damage: str) -> None:
    folder = make_folder()
    (folder / "database-secrets.json").write_text(damage)
    with pytest.raises(DatabaseUnavailable, match=r"database-secrets\.json is damaged"):
        provision(Settings.model_validate({"data_dir": folder}))
