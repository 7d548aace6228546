"""Leases on runs: extended while their process lives, lapsing soon after it died."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from uuid import UUID

from components.agents.run_rows import extend_leases
from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database

BEATS = 4

_log = logging.getLogger("helpdesk.agents")


class RunLeases:
    """One thread extends every lease of the process, four times a lease, from the first that is kept on."""

    def __init__(self, database: Database, seconds: float) -> None:
        """seconds: after which a lease lapses that is not extended."""
        self._database, self.seconds = database, seconds
        self._held: dict[UUID, TenantContext] = {}
        self._lock, self._closed = Lock(), Event()
        self._thread: Thread | None = None

    @contextmanager
    def kept(self, tenant: TenantContext, owner: UUID) -> Iterator[None]:
        """Extends the lease while the block runs."""
        with self._lock:
            self._held[owner] = tenant
            if self._thread is None:
                self._thread = Thread(target=self._beat, name="run-leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(owner, None)

    def close(self, timeout: float = 5.0) -> None:
        """Extends none any more."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def _beat(self) -> None:
        while not self._closed.wait(self.seconds / BEATS):
            owners: dict[TenantContext, list[UUID]] = {}
            with self._lock:
                for owner, tenant in self._held.items():
                    owners.setdefault(tenant, []).append(owner)
            for tenant, of_tenant in owners.items():
                try:
                    extend_leases(self._database, tenant, of_tenant, self.seconds)
                except DatabaseUnavailable as error:
                    # They lapse, or the next beat reaches the database: only its owner changes a run.
                    _log.warning("leases of %d runs were not extended: %s", len(of_tenant), error)
