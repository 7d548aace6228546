"""Claims to turns that hold as long as their process lives: extended while it works, lapsing soon after it died."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, Thread
from uuid import UUID

from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.conversations.claiming import extend_claims
from components.helpdesk.conversations.turn_records import TurnClaim

_log = logging.getLogger(__name__)

BEATS = 4


class TurnLeases:
    """One thread extends every claim of the process, four times a lease; it ends where there is none."""

    def __init__(self, database: Database, seconds: float) -> None:
        """seconds: after which a claim lapses that is not extended."""
        self._database, self.seconds = database, seconds
        self._held: dict[UUID, TenantContext] = {}
        self._changed = Condition()
        self._thread: Thread | None = None

    @contextmanager
    def kept(self, tenant: TenantContext, claim: TurnClaim) -> Iterator[None]:
        """Extends the claim while the block runs."""
        with self._changed:
            self._held[claim.owner] = tenant
            if self._thread is None:
                self._thread = Thread(target=self._beat, name="turn-leases", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._held.pop(claim.owner, None)

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread, within `timeout` seconds; a claim that is kept later begins another one."""
        with self._changed:
            self._held.clear()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)

    def _beat(self) -> None:
        while True:
            with self._changed:
                self._changed.wait(self.seconds / BEATS)
                if not self._held:
                    self._thread = None
                    return
                owners: dict[TenantContext, list[UUID]] = {}
                for owner, tenant in self._held.items():
                    owners.setdefault(tenant, []).append(owner)
            for tenant, of_tenant in owners.items():
                try:
                    extend_claims(self._database, tenant, of_tenant, self.seconds)
                except DatabaseUnavailable as error:
                    # They lapse, or the next beat reaches the database: a turn is stored by its owner only.
                    _log.warning("claims to %d turns were not extended: %s", len(of_tenant), error)
