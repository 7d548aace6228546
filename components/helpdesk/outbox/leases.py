"""Leases on rows that are being sent: extended while their process lives, lapsing soon after it died."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from uuid import UUID

from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.outbox.rows import Lease, extend_leases

logger = logging.getLogger("helpdesk.outbox")

BEATS = 4


class OutboxLeases:
    """One thread extends every lease of the process, four times a lease, from `start` to `close`."""

    def __init__(self, database: Database, seconds: float) -> None:
        """seconds: after which a lease lapses that is not extended."""
        self._database, self.seconds = database, seconds
        self._held: dict[UUID, TenantContext] = {}
        self._lock, self._closed = Lock(), Event()
        self._thread = Thread(target=self._beat, name="outbox-leases", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 5.0) -> None:
        """Extends none any more."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)

    @contextmanager
    def kept(self, tenant: TenantContext, lease: Lease) -> Iterator[None]:
        """Extends the lease while the block runs."""
        with self._lock:
            self._held[lease.owner] = tenant
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(lease.owner, None)

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
                    # They lapse, or the next beat reaches the database: only its owner marks a row.
                    logger.warning("leases of %d rows were not extended: %s", len(of_tenant), error)
