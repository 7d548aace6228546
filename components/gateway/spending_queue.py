"""Recording calls behind the answers' back: no answer waits for PostgreSQL, and no money is lost without a word."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from components.core.errors import DatabaseUnavailable
from components.core.tenant import TenantContext
from components.gateway.spending import ModelCall, SpendingLedger, Totals

_log = logging.getLogger(__name__)

LONGEST_QUEUE = 10_000
KEPT_SECONDS = 3600.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 10.0


@dataclass(frozen=True)
class _Pending:
    tenant: TenantContext
    call: ModelCall
    number: int
    since: float


@dataclass(frozen=True)
class Recorded:
    """Sums as they were read. last: number of the last call that was put by then. unwritten: those of the tenant's
    up to it that the sums lack."""

    totals: Totals
    last: int
    unwritten: frozenset[int]


class SpendingQueue:
    """One thread that records calls in their order. Thread-safe.

    While PostgreSQL is away it tries again, at most every LONGEST_PAUSE seconds. A call that could not be recorded
    for an hour, or that finds 10,000 others waiting, goes to the log in full, at level error, and nowhere else.
    """

    def __init__(self, ledger: SpendingLedger, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._ledger, self._clock = ledger, clock
        self._pending: deque[_Pending] = deque()
        self._changed = threading.Condition()
        # Held while a call is written and while sums are read: a read sees a call if and only if it is no more
        # among the unwritten ones.
        self._exclusive = threading.Lock()
        self._unwritten: dict[UUID, set[int]] = {}
        self._last = 0
        self._closing = False
        self._thread: threading.Thread | None = None

    def put(self, tenant: TenantContext, call: ModelCall) -> int:
        """Records the call soon; its number, for Recorded. Never blocks on the database."""
        with self._changed:
            self._last += 1
            if self._closing or len(self._pending) >= LONGEST_QUEUE:
                _lost(tenant, call, "the queue is closed" if self._closing else "too many wait already")
                return self._last
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="spending", daemon=True)
                self._thread.start()
            self._unwritten.setdefault(tenant.tenant_id, set()).add(self._last)
            self._pending.append(_Pending(tenant, call, self._last, self._clock()))
            self._changed.notify_all()
            return self._last

    def totals(self, tenant: TenantContext, day: date) -> Recorded:
        """The recorded sums. Blocks; raises DatabaseUnavailable."""
        with self._exclusive:
            totals = self._ledger.totals(tenant, day)
            with self._changed:
                return Recorded(totals, self._last, frozenset(self._unwritten.get(tenant.tenant_id, ())))

    def flush(self, timeout: float) -> bool:
        """Waits until all is recorded, at most `timeout` seconds. Whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._unwritten, timeout)

    def close(self, timeout: float = 5.0) -> None:
        """Records what waits, within `timeout` seconds; what cannot be recorded goes to the log."""
        self.flush(timeout)
        with self._changed:
            self._closing = True
            while self._pending:
                left = self._pending.popleft()
                _lost(left.tenant, left.call, "the process ends")
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)

    def _serve(self) -> None:
        pause = FIRST_PAUSE
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pending or self._closing)
                if not self._pending:
                    return
                pending = self._pending.popleft()
            if self._write(pending):
                pause = FIRST_PAUSE
                continue
            with self._changed:
                self._pending.appendleft(pending)
                self._changed.wait_for(lambda: self._closing, pause)
                if self._closing:
                    # close() found the queue without the one in hand.
                    while self._pending:
                        left = self._pending.popleft()
                        _lost(left.tenant, left.call, "the process ends")
                    return
            pause = min(2 * pause, LONGEST_PAUSE)

    def _write(self, pending: _Pending) -> bool:
        """Whether there is nothing more to do for it."""
        tenant, call = pending.tenant, pending.call
        with self._exclusive:
            try:
                self._ledger.record(tenant, call)
            except IntegrityError as error:
                _lost(tenant, call, f"its tenant is gone: {error.orig}")
            except DatabaseUnavailable as error:
                if self._clock() - pending.since < KEPT_SECONDS:
                    return False
                _lost(tenant, call, error.message)
            with self._changed:
                unwritten = self._unwritten[tenant.tenant_id]
                unwritten.discard(pending.number)
                if not unwritten:
                    del self._unwritten[tenant.tenant_id]
                self._changed.notify_all()
        return True


def _lost(tenant: TenantContext, call: ModelCall, why: str) -> None:
    _log.error("a model call of tenant %s could not be recorded: %s; %s", tenant.tenant_id, why, call)
