"""What every command needs: settings from the environment, and a workbench that is closed at the end."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from components.bootstrap import Registry, Workbench
    from components.core.settings import Settings
    from components.database.told_time import Clock
    from components.knowledge.source_declarations import SourceDeclaration

PROJECT = Path(__file__).resolve().parents[2]
HELPDESK = (sys.executable, "-m", "apps.cli.main")
DAGSTER = (sys.executable, "-m", "dagster_project")
DASHBOARDS = (sys.executable, "-m", "dashboards")

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON value for machines instead of text.")]


def project_sources(settings: Settings) -> list[Path]:
    """The folders whose defs.yaml files declare sources: the project's, and the ones made by commands."""
    return [PROJECT / "dagster_project" / "defs", settings.data_dir / "sources"]


def declarations_of(settings: Settings, domain: str) -> list[SourceDeclaration]:
    """The declared sources of one tenant."""
    from components.knowledge import readable_declarations

    return readable_declarations.declarations_of(project_sources(settings), domain)


@contextmanager
def open_registry() -> Iterator[Registry]:
    """Tenants and keys only: no model is loaded."""
    from components.bootstrap import build_registry
    from components.core.settings import load_settings
    from components.database.provision import provision

    settings = load_settings()
    addresses = provision(settings)
    try:
        registry = build_registry(settings, addresses)
        try:
            yield registry
        finally:
            registry.close()
    finally:
        addresses.close()


@contextmanager
def open_workbench(clock: Clock | None = None) -> Iterator[Workbench]:
    """Everything, on the database that runs already or one started for this command, and with the Rasa that `helpdesk
    up` runs for this data folder: what is tried here is the bot that customers have. clock: a simulation's."""
    from apps.cli.bundled_rasa import find_rasa_url
    from components.bootstrap import build_workbench
    from components.core.settings import load_settings
    from components.database.provision import provision

    settings = load_settings()
    settings = settings.model_copy(update={"rasa_url": find_rasa_url(settings)})
    addresses = provision(settings)
    try:
        workbench = build_workbench(settings, addresses, clock=clock)
        try:
            yield workbench
        finally:
            workbench.close()
    finally:
        addresses.close()
