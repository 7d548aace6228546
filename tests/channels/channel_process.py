"""A process that works on a tenant's channels until it is killed: forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
import signal
from dataclasses import dataclass
from pathlib import Path

from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.session import Database
from components.helpdesk.tenants import TenantRegistry
from tests.channels.channel_helpdesk import Deaths, Helpdesk

PRELOADED = ["tests.channels.channel_helpdesk", "psycopg", "components.nlu.language"]


@dataclass(frozen=True)
class Job:
    """step: at which the process kills itself."""

    urls: tuple[str, str]
    settings: Settings
    folder: Path
    tenant: Tenant
    step: str


def killed(job: Job) -> None:
    """Runs the job until it has killed itself."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_work, args=(job,), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, f"the process was not killed at {job.step}: {process.exitcode}"


def _work(job: Job) -> None:
    database = Database(*job.urls)
    tenants = TenantRegistry(database, job.settings.data_dir)
    helpdesk = Helpdesk(database, tenants, job.settings, job.folder, deaths=Deaths(job.step, kill=True))
    helpdesk.work(job.tenant)
