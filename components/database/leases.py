"""Leases that hold as long as their process lives: extended while it works, lapsing soon after it died."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Thread
from uuid import UUID

from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext

BEATS = 4

# Has the leases of these owners lapse so many seconds from now. Raises DatabaseUnavailable.
Extend = Callable[[TenantContext, Sequence[UUID], float], None]

_log = logging.getLogger("helpdesk.leases")


class Leases:
    """One thread extends every lease of one kind that the process holds, four times a lease; it ends where there is
    none."""

    def __init__(self, extend: Extend, seconds: float, kind: str) -> None:
        """seconds: after which a lease lapses that is not extended. kind: what is leased, for logs."""
        self._extend, self.seconds, self._kind = extend, seconds, kind
        self._held: dict[UUID, TenantContext] = {}
        self._changed = Condition()
        self._thread: Thread | None = None

    @contextmanager
    def kept(self, tenant: TenantContext, owner: UUID) -> Iterator[None]:
        """Extends the owner's lease while the block runs."""
        with self._changed:
            self._held[owner] = tenant
            if self._thread is None:
                self._thread = Thread(target=self._beat, name=f"leases-{self._kind}", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._changed:
                self._held.pop(owner, None)

    def close(self, timeout: float = 5.0) -> None:
        """Ends the thread, within `timeout` seconds; a lease that is kept later begins another one."""
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
                    self._extend(tenant, of_tenant, self.seconds)
                except DatabaseUnavailable as error:
                    # They lapse, or the next beat reaches the database: what is leased is stored by its owner only.
                    _log.warning("leases of %d %s were not extended: %s", len(of_tenant), self._kind, error)
