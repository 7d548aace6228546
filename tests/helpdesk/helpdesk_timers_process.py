"""A process that sweeps a tenant's timers and kills itself on the way: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass

from handover_world import HandoverWorld

from components.core.tenant import Tenant
from components.database.session import Database

PRELOADED = ["components.helpdesk.handover.timers", "components.helpdesk.tickets.of_conversations", "psycopg"]


@dataclass(frozen=True)
class Sweep:
    """at: the step at which the process kills itself, the first time that it comes to it."""

    urls: tuple[str, str]
    tenant: Tenant
    at: str


def killed(sweep: Sweep) -> None:
    """Sweeps until the process has killed itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_sweep, args=(sweep,), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"the process was not killed at {sweep.at}: {process.exitcode}"


def _sweep(sweep: Sweep) -> None:
    def stop(step: str) -> None:
        if step == sweep.at:
            os.kill(os.getpid(), signal.SIGKILL)

    HandoverWorld(Database(*sweep.urls), sweep.tenant).timers(stop).sweep(sweep.tenant)
