"""Fills tenants that serve nothing yet, by Dagster runs in a process of their own, with a progress bar."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from apps.cli.console import progress_bar, warn
from apps.cli.context import DAGSTER, project_sources
from components.core.errors import Unavailable

if TYPE_CHECKING:
    from components.bootstrap import Registry
    from components.core.settings import Settings

WIND_UP_SECONDS = 60.0


def fill_empty_tenants(registry: Registry, settings: Settings) -> None:
    """Materialises the assets of every tenant that has sources and serves nothing; later changes are the
    sensor's. What stops one tenant is said and left to the sensor; the others go on."""
    from components.knowledge.readable_declarations import readable_declarations

    declarations, unreadable = readable_declarations(project_sources(settings))
    for problem in unreadable:
        warn(f"a source is left out: {problem.error.message}")
    declared = {found.tenant for found in declarations}
    empty = [tenant for tenant in registry.tenants.list() if tenant.domain in declared and not registry.serves(tenant)]
    if not empty:
        return
    with progress_bar(stays=True) as bar:
        for tenant in empty:
            task = bar.add_task(f"{tenant.domain}: starting", total=None)
            try:
                for event in _materialise(settings, tenant.domain):
                    within = event["done"] / event["total"] if event["total"] else 0.0
                    bar.update(
                        task,
                        total=event["assets"],
                        completed=event["finished"] + within,
                        description=f"{tenant.domain}: {event['asset']}",
                    )
            except Unavailable as error:
                bar.update(task, description=f"{tenant.domain}: not serving")
                warn(error.message)
            else:
                bar.update(task, completed=bar.tasks[task].total, description=f"{tenant.domain}: serving")


def _materialise(settings: Settings, domain: str) -> Iterator[dict[str, Any]]:
    """A process of its own, so that what a run loads does not stay in this one. Yields its progress."""
    log = settings.data_dir / "logs" / f"materialise-{domain}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "HELPDESK_DATA_DIR": str(settings.data_dir)}
    with log.open("ab") as stream:
        child = subprocess.Popen(  # noqa: S603 - our own command
            (*DAGSTER, "materialise", domain), stdout=subprocess.PIPE, stderr=stream, text=True, env=environment
        )
    try:
        for line in child.stdout or ():
            if line.startswith('{"asset"'):
                yield json.loads(line)
        status = child.wait(timeout=WIND_UP_SECONDS)
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(timeout=WIND_UP_SECONDS)
    if status != 0:
        lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise Unavailable(f"filling {domain} failed, see {log}: {lines[-1] if lines else 'it says nothing'}")
