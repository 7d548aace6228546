"""The refund workflow, killed at every boundary of every node, and many runs at once: nothing is lost or done twice."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, update

from components.agents.foreman import Foreman
from components.agents.run import NewRun, WorkRun
from components.agents.run_rows import RUNS
from components.agents.runs import wake_for
from components.agents.workflows.library import shipped_documents
from components.agents.workshop import Workshop
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.database.tables import AuditLogRow, TicketRow
from components.gateway.event_loop import EventLoopThread
from components.tools.approvals import Approvals
from components.tools.registry import ToolRegistry
from tests.agents.dying_workflows import workshop_on

ROOT = Path(__file__).parents[2]
MOST_BOUNDARIES = 60


@pytest.fixture(scope="module")
def mortal(postgres: DatabaseAddresses) -> Iterator[Callable[..., int]]:
    """Has a process work on a run and die at a boundary; how it ended."""
    command = [sys.executable, "-m", "tests.agents.dying_workflows", postgres.app, postgres.operator]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def order(**values: object) -> int:
            print(json.dumps(values), file=process.stdin, flush=True)
            return int(process.stdout.readline())  # type: ignore[union-attr]

        yield order
        process.stdin.close()
        assert process.wait(30) == 0


def new_run(key: str) -> NewRun:
    return NewRun("workflow", "refund", key, shipped_documents()["refund"], {"order": 1}, "operator")


def acted(database: Database, tenant: Tenant, run_id: UUID) -> Counter[str]:
    """How often each tool has acted for a run, by what it left behind."""
    with database.tenant(tenant.context) as session:
        lines = session.scalars(select(AuditLogRow).where(AuditLogRow.action.like("test.%")))
        counted = Counter(line.action for line in lines if str(run_id) in line.details["key"])
        tickets = session.scalars(select(TicketRow).where(TicketRow.subject == f"Refund for {run_id}"))
        counted["ticket"] = len(list(tickets))
    return counted


def gone_on(database: Database, tenant: Tenant, workshop: Workshop, run_id: UUID) -> WorkRun:
    """The run after another process has taken it up, when the dead one's lease had lapsed."""
    with database.tenant(tenant.context) as session:
        session.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(leased_until=None))
    workshop.work(tenant.context, time.monotonic() + 30, run_id)
    return workshop.runs.get(tenant.context, run_id)[0]


@pytest.mark.parametrize("event", ["commit", "begin"])
def test_whenever_its_process_is_killed_a_run_goes_on_and_each_tool_has_acted_once(
    database: Database,
    make_tenant: Callable[..., Tenant],
    loop: EventLoopThread,
    mortal: Callable[..., int],
    event: str,
) -> None:
    tenant = make_tenant()
    workshop = workshop_on(database, tenant, loop)
    deaths = 0
    for boundary in range(1, MOST_BOUNDARIES):
        run = workshop.runs.start(tenant.context, new_run(f"{event} {boundary}"))
        ended = mortal(tenant=str(tenant.tenant_id), run=str(run.run_id), event=event, boundary=boundary)
        assert ended in (0, -9)
        deaths += ended == -9
        over = gone_on(database, tenant, workshop, run.run_id)
        assert over.status == "done", (boundary, over.fault)
        once = {"test.look": 1, "ticket": 1, "test.notify_user": 1}
        assert acted(database, tenant, run.run_id) == once, boundary
        if ended == 0:
            break
    # Two for each of the four steps, and those of the calls, of the claim and of the end.
    assert ended == 0
    assert deaths >= 15


def test_many_runs_at_once_are_all_done_once(
    database: Database, make_tenant: Callable[..., Tenant], loop: EventLoopThread
) -> None:
    tenant = make_tenant()
    workshop = workshop_on(database, tenant, loop)
    foreman = Foreman(
        database,
        workshop,
        ToolRegistry(database),
        Approvals(database, wake_for),
        lambda _: tenant,
        threads=4,
        sweep=0.2,
    )
    foreman.start()
    try:
        with ThreadPoolExecutor(4) as threads:
            new = [new_run(f"many {number}") for number in range(25)]
            runs = list(threads.map(partial(workshop.runs.start, tenant.context), new))
        until = time.monotonic() + 60
        while time.monotonic() < until and len(workshop.runs.search(tenant.context, status="done")) < len(runs):
            time.sleep(0.1)
    finally:
        foreman.close()
    for run in runs:
        assert workshop.runs.get(tenant.context, run.run_id)[0].status == "done"
        assert set(acted(database, tenant, run.run_id).values()) == {1}
