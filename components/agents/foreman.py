"""Has runs that are due worked on in a few threads of any number of processes, and sees to approvals that were left."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Condition, Event, Thread
from uuid import UUID

from components.agents.workshop import Workshop
from components.core.errors import DatabaseUnavailable, HelpdeskError, TenantNotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.helpdesk.outbox.wake_up import WakeUp
from components.tools.approvals import Approvals
from components.tools.registry import ToolRegistry

THREADS = 4
SWEEP_SECONDS = 1.0
# How long a thread keeps at one run before the next one's turn.
TURN_SECONDS = 60.0
_CLOSES_WITHIN = 10.0

_log = logging.getLogger("helpdesk.agents")


class Foreman:
    """The tenants in turn, one run of each at a time; `start` and `close` it once."""

    def __init__(
        self,
        database: Database,
        workshop: Workshop,
        registry: ToolRegistry,
        approvals: Approvals,
        tenant_of: Callable[[TenantContext], Tenant],
        *,
        threads: int = THREADS,
        sweep: float = SWEEP_SECONDS,
    ) -> None:
        """threads: runs worked on at once. sweep: seconds between looks for what is due."""
        self._database, self._workshop = database, workshop
        self._registry, self._approvals, self._tenant_of = registry, approvals, tenant_of
        # The tenants whose turn it is, and whether their approvals are seen to as well.
        self._waiting: dict[UUID, bool] = {}
        self._changed, self._closed = Condition(), Event()
        self._wake_up = WakeUp(database, "helpdesk_runs", self._call, self._sweep, sweep)
        self._threads = [Thread(target=self._work, name=f"runs-{n}", daemon=True) for n in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()
        self._wake_up.start()

    def close(self) -> None:
        """Takes up nothing more; what is being worked on has ten seconds to come to the end of its step, and is another
        process's then."""
        self._closed.set()
        self._wake_up.close()
        with self._changed:
            self._changed.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(_CLOSES_WITHIN)

    def work_due(self, tenant: TenantContext) -> bool:
        """Works on one run that is due, in this thread; whether there was one. Raises DatabaseUnavailable."""
        worked = self._workshop.work(tenant, time.monotonic() + TURN_SECONDS, over=self._closed.is_set)
        if worked:
            self._call(str(tenant.tenant_id))
        return worked

    def see_to_approvals(self, tenant: TenantContext) -> None:
        """What nobody decided in time is over; what was decided by a process that died goes on. Raises
        DatabaseUnavailable."""
        self._approvals.expire(tenant)
        for invocation_id in self._approvals.decided(tenant):
            try:
                self._registry.resume(self._tenant_of(tenant), invocation_id)
            except (DatabaseUnavailable, TenantNotFound):
                raise
            except HelpdeskError as error:
                _log.warning("the call %s does not go on: %s", invocation_id, error)

    def _call(self, tenant_id: str, approvals: bool = False) -> None:
        with self._changed:
            tenant = UUID(tenant_id)
            self._waiting[tenant] = approvals or self._waiting.get(tenant, False)
            self._changed.notify()

    def _sweep(self) -> None:
        for tenant_id in self._database.run_tenants():
            self._call(str(tenant_id), approvals=True)

    def _work(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                while not self._waiting and not self._closed.is_set():
                    self._changed.wait()
                if self._closed.is_set():
                    return
                tenant_id = next(iter(self._waiting))
                approvals = self._waiting.pop(tenant_id)
            try:
                if self._database.is_reserved(TenantContext(tenant_id)):
                    continue
                with suppress(TenantNotFound):
                    if approvals:
                        self.see_to_approvals(TenantContext(tenant_id))
                    self.work_due(TenantContext(tenant_id))
            except DatabaseUnavailable as error:
                _log.warning("runs cannot be reached: %s", error)
                self._closed.wait(SWEEP_SECONDS)
            except Exception:
                _log.exception("fault in the runs of tenant %s", tenant_id)
                self._closed.wait(SWEEP_SECONDS)
