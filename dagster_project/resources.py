"""What assets, checks and sensors work with: the workbench of this process, opened when it is first needed."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import dagster as dg

from components.core.errors import DatabaseUnavailable
from components.core.settings import Settings, load_settings, quiet_third_parties
from dagster_project.dead_runs import PROCESS_TAG, process_mark

if TYPE_CHECKING:
    from components.bootstrap import Workbench
    from components.core.tenant import Tenant
    from components.database.addresses import DatabaseAddresses
    from components.database.session import Database
    from components.helpdesk.tenants import TenantRegistry

SHIPPED_SOURCES = Path(__file__).parent / "defs"
Progress = Callable[[str, int, int], None]


class Helpdesk:
    """The workbench and the registry of one process, each opened once. Thread-safe.

    on_progress: called with asset, done and total while an asset works.
    """

    def __init__(
        self, settings: Settings, workbench: Workbench | None = None, on_progress: Progress | None = None
    ) -> None:
        """workbench: one that is open already; it stays its owner's to close."""
        self.settings = settings
        self._given = workbench
        self._opened: Workbench | None = None
        self._addresses: DatabaseAddresses | None = None
        self._on_progress = on_progress
        self._lock = Lock()

    @property
    def source_folders(self) -> tuple[Path, Path]:
        """Where sources are declared: those that ship, and those that `helpdesk tenant create` writes."""
        return SHIPPED_SOURCES, self.settings.data_dir / "sources"

    @property
    def workbench(self) -> Workbench:
        """Everything, with the embedder: seconds and several hundred MB on first use."""
        with self._lock:
            if self._given is not None:
                return self._given
            if self._opened is None:
                quiet_third_parties()  # before the import: some report home from there on
                from components.bootstrap import build_workbench

                self._opened = build_workbench(self.settings, self._provision())
            return self._opened

    def tenants(self) -> list[Tenant]:
        """Every tenant of the registry; loads no model. Raises DatabaseUnavailable, and then finds the
        database anew at the next call."""
        with self.registry() as (tenants, _):
            return tenants.list()

    @contextmanager
    def registry(self) -> Iterator[tuple[TenantRegistry, Database]]:
        """Tenants and their rows; loads no model. Raises DatabaseUnavailable, and then finds the database anew at the
        next call."""
        if self._given is not None:
            yield self._given.tenants, self._given.database
            return
        from components.database.session import Database
        from components.helpdesk.tenants import TenantRegistry

        with self._lock:
            addresses = self._provision()
        database = Database(addresses.app, addresses.operator)
        try:
            yield TenantRegistry(database, self.settings.data_dir), database
        except DatabaseUnavailable:
            self.close()
            raise
        finally:
            database.dispose()

    def tenant(self, domain: str) -> Tenant:
        """The tenant that a partition stands for. Raises TenantNotFound."""
        return self.workbench.tenants.get_by_domain(domain)

    def begin(self, context: dg.AssetExecutionContext) -> Tenant:
        """The tenant whose partition is to be materialised, once it is told that the asset begins."""
        self._tell(context, 0, 0)
        return self.tenant(context.partition_key)

    def progress(self, context: dg.AssetExecutionContext) -> Callable[[int, int], None]:
        """Reports done and total to whoever asked for progress, and to the run's log at every tenth."""
        logged = 0

        def report(done: int, total: int) -> None:
            nonlocal logged
            self._tell(context, done, total)
            tenth = 10 * done // total if total else 0
            if tenth > logged:
                logged = tenth
                context.log.info(f"{context.asset_key.to_user_string()}: {done} of {total}")

        return report

    def _tell(self, context: dg.AssetExecutionContext, done: int, total: int) -> None:
        if self._on_progress is not None:
            self._on_progress(context.asset_key.to_user_string(), done, total)

    def close(self) -> None:
        """Gives back what was opened here."""
        with self._lock:
            opened, addresses = self._opened, self._addresses
            self._opened = self._addresses = None
        if opened is not None:
            opened.close()
        if addresses is not None:
            addresses.close()

    def _provision(self) -> DatabaseAddresses:
        if self._addresses is None:
            from components.database.provision import provision

            self._addresses = provision(self.settings)
        return self._addresses


@dg.resource(description="The helpdesk's own parts, opened when an asset first needs them.")
def helpdesk_resource(context: dg.InitResourceContext) -> Iterator[Helpdesk]:
    """A run gets a Helpdesk of its own and gives it back at its end; ticks share that of the code server."""
    run = context.run
    if run is None:
        yield _of_process()
        return
    if context.instance is not None:
        context.instance.add_run_tags(run.run_id, {PROCESS_TAG: process_mark(os.getpid())})
    helpdesk = Helpdesk(load_settings())
    try:
        yield helpdesk
    finally:
        helpdesk.close()


@cache
def _of_process() -> Helpdesk:
    """Dagster gives a tick's resources back at its end and has no end of the code server's: with the ticks the embedded
    database would be opened anew every half minute."""
    helpdesk = Helpdesk(load_settings())
    atexit.register(helpdesk.close)
    return helpdesk
