"""Processes that work on one run of the refund workflow and are killed (SIGKILL) at a boundary of its transactions.

`python -m tests.agents.dying_workflows APP_URL OPERATOR_URL`, then a JSON order a line on its input: {tenant, run,
event, boundary}. Each order is worked on by a process of its own, forked so that it need not import anything, which
kills itself at the `boundary`-th `event`: `commit`, before what a transaction did is kept, or `begin`, after what the
one before it did was. The answer is a line: how the process ended, 0 or -9.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from components.agents.workflows.runner import WorkflowRunner
from components.agents.workflows.visit import Services
from components.agents.workshop import Workshop
from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.helpdesk.audit import record_action
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolUse
from tests.agents.workflow_world import Echo


class Recording(Echo):
    """Leaves a line in the audit log each time that it acts."""

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        record_action(session, use.tenant.tenant_id, f"test.{self.spec.name}", {"key": use.key})
        return ToolOutcome(dict(use.arguments))


class Pursue:
    """A goal whose one step calls a tool."""

    def __init__(self, tools: ToolRegistry) -> None:
        self._tools = tools

    def execute(self, journal: Any, prefix: str, goal: str, given: Any) -> Any:
        caller, run_id = Caller("orchestrator"), journal.run.run_id

        def look(key: Any) -> Any:
            made = self._tools.invoke(journal.tenant, "look", {"order": 1}, caller, key=key.key, run_id=run_id)
            return made.result

        journal.step(f"{prefix}look", "tool", {}, look)
        return {"summary": goal, "toolArgs": {"subject": f"Refund for {run_id}"}}


def workshop_on(database: Database, tenant: Tenant, loop: EventLoopThread) -> Workshop:
    """Where the refund workflow runs with tools whose every act can be counted."""
    tools = ToolRegistry(database, [CreateTicket(), Recording("notify_user"), Recording("look")])
    runner = WorkflowRunner(Services(tools, loop, Pursue(tools)))
    return Workshop(database, {"workflow": runner}, lambda _: tenant)


def work(urls: list[str], order: dict[str, Any]) -> None:
    """In this process, to the run's end or its own."""
    left = order["boundary"]

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, order["event"], count)
    tenant = Tenant(UUID(order["tenant"]), "Tenant", "tenant.example", {})
    database, loop = Database(*urls), EventLoopThread()
    workshop_on(database, tenant, loop).work(tenant.context, time.monotonic() + 30, UUID(order["run"]))


def main() -> None:
    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            try:
                work(sys.argv[1:], json.loads(line))
                os._exit(0)
            finally:
                os._exit(1)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
