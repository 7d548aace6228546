"""A data folder with a running PostgreSQL, and the command called as a shell would call it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from components.database.addresses import DatabaseAddresses
from tests.apps_cli.warm_commands import WarmCommands

DOCUMENTS = {
    "returns.md": "# Returns\n\n## Time limit\n\nYou can return a kayak within 45 days of delivery.\n",
    "shipping.md": "# Shipping\n\n## Cost\n\nShipping a kayak to Norway costs 80 euros.\n",
}


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        return json.loads(self.out)


Helpdesk = Callable[..., Outcome]


@pytest.fixture(scope="session")
def helpdesk(
    postgres: DatabaseAddresses, data_dir: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Helpdesk]:
    """Runs `helpdesk ARGUMENTS` in a process of its own, on the data folder whose PostgreSQL runs already."""
    commands = WarmCommands(tmp_path_factory.mktemp("commands"))
    shell = {"HELPDESK_DATA_DIR": str(data_dir), "PATH": "/usr/bin:/bin", "HOME": str(data_dir)}

    def run(*arguments: str, stdin: str = "", environment: Mapping[str, str] = {}) -> Outcome:
        return Outcome(*commands.run(arguments, stdin, {**shell, **environment}))

    yield run
    commands.close()


@pytest.fixture(scope="session")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("knowledge")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    return folder
