"""A hundred runs of the refund workflow begun at once: `python -m tests.benchmarks.bench_workflows [--runs N]`.

An embedded PostgreSQL and one process whose foreman works on runs in its four threads, as an API process does. A run is
the design's refund workflow: a goal whose one step calls a tool, then a ticket, then a notification; its tools write
what can be counted. A run that is lost, and a tool that acted twice, ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from time import monotonic, process_time
from uuid import uuid4

import numpy as np
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from components.agents.foreman import Foreman
from components.agents.run import NewRun
from components.agents.run_rows import RUNS, STEPS
from components.agents.runs import wake_for
from components.agents.workflows.library import shipped_documents
from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.provision import provision
from components.database.session import Database
from components.database.tables import AuditLogRow, TenantRow
from components.gateway.event_loop import EventLoopThread
from components.tools.approvals import Approvals
from components.tools.registry import ToolRegistry
from tests.agents.dying_workflows import workshop_on

WITHIN = 120.0


def measured(database: Database, tenant: Tenant, runs: int) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Seconds until all had ended, processor seconds of this process, and by run: seconds from its beginning to its
    end, seconds at work. Raises AssertionError where one is lost or a tool acted twice."""
    loop = EventLoopThread()
    workshop = workshop_on(database, tenant, loop)
    foreman = Foreman(database, workshop, ToolRegistry(database), Approvals(database, wake_for), lambda _: tenant)
    foreman.start()
    before, began = process_time(), monotonic()
    try:
        document = shipped_documents()["refund"]
        new = [NewRun("workflow", "refund", str(number), document, {"order": number}, "api") for number in range(runs)]
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(partial(workshop.runs.start, tenant.context), new))
        while _done(database, tenant) < runs:
            assert monotonic() < began + WITHIN, f"{runs - _done(database, tenant)} runs were lost"
            time.sleep(0.05)
        took, processor = monotonic() - began, process_time() - before
    finally:
        foreman.close()
        loop.close()
    _require_once(database, tenant, runs)
    return took, processor, *_times(database, tenant)


def _done(database: Database, tenant: Tenant) -> int:
    with database.tenant(tenant.context) as session:
        return session.execute(select(func.count()).select_from(RUNS).where(RUNS.c.status == "done")).scalar_one()


def _require_once(database: Database, tenant: Tenant, runs: int) -> None:
    with database.tenant(tenant.context) as session:
        lines = session.scalars(select(AuditLogRow).where(AuditLogRow.action.like("test.%")))
        acted = Counter((line.action, line.details["key"]) for line in lines)
    assert len(acted) == 2 * runs, f"tools acted {len(acted)} times, not {2 * runs}"
    assert set(acted.values()) == {1}, "a tool acted twice for one key"


def _times(database: Database, tenant: Tenant) -> tuple[np.ndarray, np.ndarray]:
    with database.tenant(tenant.context) as session:
        waited = select(func.extract("epoch", RUNS.c.finished_at - RUNS.c.started_at)).order_by(RUNS.c.started_at)
        span = func.max(STEPS.c.finished_at) - func.min(STEPS.c.started_at)
        worked = select(func.extract("epoch", span)).group_by(STEPS.c.run_id)
        first, second = (np.array([float(each) for each in session.scalars(query)]) for query in (waited, worked))
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as folder:
        Path(folder).chmod(0o755)
        addresses = provision(Settings.model_validate({"data_dir": Path(folder) / "data"}))
        database = Database(addresses.app, addresses.operator)
        try:
            tenant = Tenant(uuid4(), "Shop", "shop.example", {})
            with database.operator() as session:
                session.add(
                    TenantRow(tenant_id=tenant.tenant_id, name=tenant.name, domain=tenant.domain, config_json={})
                )
            took, processor, waited, worked = measured(database, tenant, runs)
        finally:
            database.dispose()
            addresses.close()
    table = Table(
        *("runs at once", "lost", "all done in", "runs a second", "begun to ended p50 (p95)", "at work p50 (p95)"),
        "processor a run",
    )
    table.add_row(
        str(runs), "0", f"{took:.1f} s", f"{runs / took:.1f}",
        f"{np.median(waited):.2f} s ({np.percentile(waited, 95):.2f})",
        f"{1000 * np.median(worked):.0f} ms ({1000 * np.percentile(worked, 95):.0f})",
        f"{1000 * processor / runs:.0f} ms",
    )  # fmt: skip
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
