"""What tests of workflows stand on: a real database, a real registry, and a goal pursued by a small executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from components.agents.goals import GoalExecutor
from components.agents.journal import Journal, StepKey
from components.agents.run import WorkRun, WorkStep
from components.agents.run_rows import RUNS
from components.agents.runs import wake_for
from components.agents.workflows.document import parse_document
from components.agents.workflows.runner import WorkflowRunner
from components.agents.workflows.store import Workflows
from components.agents.workflows.visit import Services
from components.agents.workshop import Workshop
from components.core.errors import ToolRefused, ToolUnavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.tools.approvals import Approvals
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.registry import ToolRegistry
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse

EXPORTS = Path(__file__).parent / "workflows"
ANYTHING: Mapping[str, Any] = {"type": "object"}


class Pursue:
    """A goal executor of two steps: it looks, and it gives the arguments of the ticket."""

    def execute(self, journal: Journal, prefix: str, goal: str, given: Mapping[str, Any]) -> Mapping[str, Any]:
        looked = journal.step(f"{prefix}look", "tool", dict(given), lambda key: {"order": given.get("order", "none")})

        def conclude(key: StepKey) -> Mapping[str, Any]:
            return {"subject": f"{goal}: order {looked['order']}"}

        arguments = journal.step(f"{prefix}conclude", "model", {}, conclude)
        return {"summary": goal, "toolArgs": dict(arguments)}


class Echo:
    """A tool that gives its arguments back, and says what it was told: it refuses, or fails for the moment, or wants a
    person to decide, where it is asked to."""

    def __init__(self, name: str = "echo", side_effect: Any = "write") -> None:
        self.spec = ToolSpec(name, "Echoes.", ANYTHING, ANYTHING, side_effect, permitted=True)
        self.acted: list[Mapping[str, Any]] = []
        self.down = 0

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(10) if self.spec.side_effect == "money" else None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        if use.arguments.get("refuse"):
            raise ToolRefused(f"no {use.arguments['refuse']}")
        if self.down:
            self.down -= 1
            raise ToolUnavailable("down")
        self.acted.append(use.arguments)
        return ToolOutcome({**use.arguments, "number": len(self.acted)})


class World:
    """A workshop of workflows for one tenant."""

    def __init__(
        self,
        database: Database,
        tenant: Tenant,
        loop: EventLoopThread,
        *,
        private: bool = True,
        goals: Callable[[World], GoalExecutor] = lambda _: Pursue(),
    ) -> None:
        """goals: who pursues them, made for this world."""
        self.database, self.tenant = database, tenant
        self.echo, self.notify, self.pay = Echo(), Echo("notify_user"), Echo("pay", "money")
        self.registry = ToolRegistry(database, [CreateTicket(), self.echo, self.notify, self.pay])
        self.approvals = Approvals(database, wake_for)
        self.workflows = Workflows(database, self.registry)
        runner = WorkflowRunner(Services(self.registry, loop, goals(self), private))
        self.workshop = Workshop(database, {"workflow": runner}, lambda _: tenant)

    def save(self, file: str, name: str = "") -> str:
        text = (EXPORTS / f"{file}.json").read_text("utf-8")
        return self.workflows.save(self.tenant.context, parse_document(text), name).name

    def begin(self, name: str, /, key: str = "one", seconds: float = 10, hooked: bool = False, **given: Any) -> WorkRun:
        """As it stands when it has been worked on once."""
        stored = self.workflows.get(self.tenant.context, name)
        new = self.workflows.new_run(
            self.tenant, stored, given, key=f"{name}/{key}", caller="operator", about={"hooked": hooked}
        )
        run = self.workshop.runs.start(self.tenant.context, new)
        self.workshop.work(self.tenant.context, time.monotonic() + seconds, run.run_id)
        return self.now(run)

    def run(self, document: Mapping[str, Any], /, seconds: float = 10, **given: Any) -> WorkRun:
        """A document of the test's own."""
        self.workflows.save(self.tenant.context, document, "own")
        return self.begin("own", str(time.monotonic()), seconds, **given)

    def go_on(self) -> bool:
        return self.workshop.work(self.tenant.context, time.monotonic() + 10)

    def now(self, run: WorkRun) -> WorkRun:
        return self.workshop.runs.get(self.tenant.context, run.run_id)[0]

    def steps(self, run: WorkRun) -> dict[str, WorkStep]:
        return {step.name: step for step in self.workshop.runs.get(self.tenant.context, run.run_id)[1]}

    def due(self, run_id: UUID) -> None:
        """As if time had passed: it is due, and a lease has lapsed."""
        past = {"wake_at": RUNS.c.started_at, "leased_until": None}
        with self.database.tenant(self.tenant.context) as session:
            session.execute(update(RUNS).where(RUNS.c.run_id == run_id, RUNS.c.wake_at.is_not(None)).values(past))


@contextmanager
def event_loop() -> Iterator[EventLoopThread]:
    loop = EventLoopThread("tests")
    try:
        yield loop
    finally:
        loop.close()


def items(step: WorkStep, output: int = 0) -> list[dict[str, Any]]:
    """What a step gave."""
    assert step.output is not None
    return [item["json"] for item in step.output["outputs"][output]]
