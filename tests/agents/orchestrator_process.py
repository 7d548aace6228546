"""Processes that pursue a goal and are killed at a step of it: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import dataclass

from components.core.tenant import Tenant
from components.database.session import Database
from tests.agents.orchestrator_world import World


@dataclass(frozen=True)
class Job:
    """A refund of order A-1 by its plan. at: the step at which the process kills itself, `stored` or not yet."""

    urls: tuple[str, str]
    tenant: Tenant
    at: int
    stored: bool


def killed(job: Job) -> None:
    """Runs the job until it has killed itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.agents.orchestrator_world"])
    process = context.Process(target=_work, args=(job,), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"the process was not killed at step {job.at}: {process.exitcode}"


def _work(job: Job) -> None:
    world = World(Database(*job.urls), job.tenant, None)
    world.dies(job.at, lambda: os.kill(os.getpid(), signal.SIGKILL), stored=job.stored)
    world.begin(order_number="A-1")
