"""Sends what is due, in a few threads of any number of processes: woken by PostgreSQL, and by a clock for the rest."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from functools import partial
from threading import Condition, Event, Thread
from uuid import UUID

from components.core.errors import DatabaseUnavailable
from components.core.outbox import Delivery, Failed, Later, Sent
from components.core.tenant import TenantContext
from components.database.leases import Leases
from components.database.session import Database
from components.helpdesk.outbox.rows import Lease, extend_leases, lease_due, mark_failed, mark_later, mark_sent
from components.helpdesk.outbox.senders import Senders
from components.helpdesk.outbox.wake_up import WakeUp

logger = logging.getLogger("helpdesk.outbox")

THREADS = 4
LEASE_SECONDS = 15.0
SWEEP_SECONDS = 1.0
FIRST_SECONDS, LONGEST_SECONDS = 1.0, 60.0
# The longest that a provider can put something off at a time.
LONGEST_LATER = 3600.0
_CLOSES_WITHIN = 10.0
_LONGEST_REASON = 500


def back_off(attempt: int, asked: float, chance: Callable[[], float] = random.random) -> float:
    """Seconds until the next attempt: doubling from one second to a minute, half of it by chance so that many do not
    come back at once, and never sooner than was asked for. attempt: the one that failed, from 1."""
    own = min(FIRST_SECONDS * 2.0 ** min(attempt - 1, 10), LONGEST_SECONDS)
    return max(own * (0.5 + chance() / 2), min(asked, LONGEST_LATER) * (1 + chance() / 20))


class Dispatcher:
    """Leases one row at a time, the tenants in turn, and sends it; `start` and `close` it once."""

    def __init__(
        self,
        database: Database,
        senders: Senders,
        *,
        threads: int = THREADS,
        lease: float = LEASE_SECONDS,
        sweep: float = SWEEP_SECONDS,
        on_step: Callable[[str], None] = lambda step: None,
    ) -> None:
        """threads: rows sent at once. lease: seconds after which another takes over from a process that died. sweep:
        seconds between looks for what is due. on_step: hears `leased`, `sent` and `marked`, in the sending thread."""
        self._database, self._senders, self._on_step = database, senders, on_step
        self._leases = Leases(partial(extend_leases, database), lease, "rows")
        self._waiting: dict[UUID, None] = {}
        self._changed, self._closed = Condition(), Event()
        self._wake_up = WakeUp(database, "helpdesk_outbox", self._call, self._sweep, sweep)
        self._threads = [Thread(target=self._work, name=f"outbox-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._wake_up.start()

    def close(self) -> None:
        """Sends nothing more; what is being sent has ten seconds to end, and is another process's then."""
        self._closed.set()
        self._wake_up.close()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_CLOSES_WITHIN)
        self._leases.close()

    def send_due(self, tenant: TenantContext) -> bool:
        """Sends one row of the tenant that is due, in this thread; whether there was one. Raises
        DatabaseUnavailable."""
        lease = lease_due(self._database, tenant, self._senders.kinds, self._leases.seconds)
        if lease is None:
            return False
        # Others of the tenant's lanes may be sent meanwhile.
        self._call(str(tenant.tenant_id))
        self._on_step("leased")
        with self._leases.kept(tenant, lease.owner):
            delivery = self._attempt(tenant, lease)
            self._on_step("sent")
        self._mark(tenant, lease, delivery)
        self._on_step("marked")
        return True

    def _attempt(self, tenant: TenantContext, lease: Lease) -> Delivery:
        try:
            return self._senders.route(lease.outgoing.kind).sender.send(tenant, lease.outgoing)
        except DatabaseUnavailable as error:
            return Later(0.0, error.message)
        except Exception as error:
            # A fault of ours: the row must not be lost for it, nor its reason.
            logger.exception("fault in sending %s", lease.outgoing.key)
            return Later(0.0, f"{type(error).__name__}: {error}")

    def _mark(self, tenant: TenantContext, lease: Lease, delivery: Delivery) -> None:
        route = self._senders.route(lease.outgoing.kind)
        if isinstance(delivery, Later) and lease.age >= route.hours * 3600:
            delivery = Failed(f"given up after {route.hours:g} hours: {delivery.reason}")
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            match delivery:
                case Sent(result):
                    mark_sent(connection, tenant, lease, result)
                case Later(seconds, reason):
                    wait = back_off(lease.outgoing.attempt, seconds)
                    mark_later(connection, tenant, lease, wait, reason[:_LONGEST_REASON])
                    logger.info("%s is sent later: %s", lease.outgoing.key, reason)
                case Failed(reason):
                    if mark_failed(connection, tenant, lease, reason[:_LONGEST_REASON]):
                        route.on_failed(connection, tenant, lease.outgoing, reason[:_LONGEST_REASON])
                        logger.warning("%s of tenant %s is given up: %s", lease.outgoing.key, tenant.tenant_id, reason)
        if not isinstance(delivery, Later):
            # The next one of the lane may go.
            self._call(str(tenant.tenant_id))

    def _call(self, tenant_id: str) -> None:
        with self._changed:
            self._waiting[UUID(tenant_id)] = None
            self._changed.notify()

    def _sweep(self) -> None:
        for tenant_id in self._database.due_tenants(self._senders.kinds):
            self._call(str(tenant_id))

    def _work(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                while not self._waiting and not self._closed.is_set():
                    self._changed.wait()
                if self._closed.is_set():
                    return
                tenant_id = next(iter(self._waiting))
                del self._waiting[tenant_id]
            try:
                if not self._database.is_reserved(TenantContext(tenant_id)):
                    self.send_due(TenantContext(tenant_id))
            except DatabaseUnavailable as error:
                # The sweep finds it again.
                logger.warning("the outbox cannot be reached: %s", error)
                self._closed.wait(SWEEP_SECONDS)
            except Exception:
                logger.exception("fault in the outbox of tenant %s", tenant_id)
                self._closed.wait(SWEEP_SECONDS)
