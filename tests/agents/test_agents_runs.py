"""Runs: begun once, each step done once whoever goes on with it, paused and woken, and ended once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, update
from sqlalchemy.orm import Session

from components.agents.foreman import Foreman
from components.agents.journal import Journal, StepFailed, StepKey, waited
from components.agents.pausing import AwaitsApproval, HandsOver
from components.agents.run import NewRun, WorkRun
from components.agents.run_rows import RUNS
from components.agents.runs import wake_for
from components.agents.workshop import MOST_CLAIMS, Workshop
from components.core.errors import Conflict, InvalidInput, KeyReused, NotFound, ToolRefused, ToolUnavailable
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.tools.approvals import Approvals
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolSpec, ToolUse

Run = Callable[[Journal], Mapping[str, Any]]


class Killed(BaseException):
    """As if the process had died there."""


class Give:
    """A tool whose every call waits for a person."""

    spec = ToolSpec("give", "Gives.", {"type": "object"}, {"type": "object"}, "money", permitted=True)

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(10)

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome({"given": 10})


class World:
    """A workshop whose one runner is the test's own."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database, self.tenant = database, tenant
        self.body: Run = lambda journal: {}
        self.ended: list[WorkRun] = []
        self.done: list[str] = []
        self.registry = ToolRegistry(database, [Give()])
        self.approvals = Approvals(database, wake_for)
        self.workshop = Workshop(database, {"goal": self}, lambda _: tenant, on_ended=[self._hear])

    def run(self, journal: Journal) -> Mapping[str, Any]:
        return self.body(journal)

    def _hear(self, connection: Connection, tenant: TenantContext, run: WorkRun) -> None:
        self.ended.append(run)

    def do(self, name: str, **output: Any) -> Callable[[StepKey], Mapping[str, Any]]:
        def act(key: StepKey) -> Mapping[str, Any]:
            self.done.append(name)
            return output

        return act

    def begin(self, key: str = "one", seconds: float = 5, **more: Any) -> WorkRun:
        new = NewRun("goal", "test", key, {}, more, "operator")
        return self.workshop.run(self.tenant.context, new, seconds=seconds)

    def go_on(self) -> bool:
        return self.workshop.work(self.tenant.context, time.monotonic() + 5)

    def now(self, run: WorkRun) -> WorkRun:
        return self.workshop.runs.get(self.tenant.context, run.run_id)[0]

    def due(self, run: WorkRun) -> None:
        """As if time had passed: it is due, and a lease has lapsed."""
        past = {"wake_at": RUNS.c.started_at, "leased_until": None}
        with self.database.tenant(self.tenant.context) as session:
            session.execute(update(RUNS).where(RUNS.c.run_id == run.run_id, RUNS.c.wake_at.is_not(None)).values(past))


@pytest.fixture
def world(database: Database, make_tenant: Callable[..., Tenant]) -> World:
    return World(database, make_tenant())


def test_a_run_ends_with_what_its_steps_gave(world: World) -> None:
    def body(journal: Journal) -> Mapping[str, Any]:
        one = journal.step("one", "tool", {"a": 1}, world.do("one", x=1))
        return {"sum": one["x"] + journal.step("two", "tool", {}, world.do("two", x=2))["x"]}

    world.body = body
    run = world.begin()
    assert (run.status, run.result) == ("done", {"sum": 3})
    _, steps = world.workshop.runs.get(world.tenant.context, run.run_id)
    assert [(each.name, each.status, each.output) for each in steps] == [
        ("one", "done", {"x": 1}),
        ("two", "done", {"x": 2}),
    ]
    assert world.ended == [run]
    assert world.begin() == run
    assert world.done == ["one", "two"]


@pytest.mark.parametrize("at", range(3))
def test_a_run_whose_process_died_goes_on_without_doing_a_step_again(world: World, at: int) -> None:
    died: list[int] = []

    def body(journal: Journal) -> Mapping[str, Any]:
        for number in range(3):
            journal.step(f"step {number}", "tool", {}, world.do(f"step {number}"))
            if number == at and not died:
                died.append(at)
                raise Killed
        return {}

    world.body = body
    with pytest.raises(Killed):
        world.begin()
    (run,) = world.workshop.runs.search(world.tenant.context)
    assert not world.go_on()
    world.due(run)
    assert world.go_on()
    assert world.now(run).status == "done"
    assert world.done == ["step 0", "step 1", "step 2"]
    assert len(world.ended) == 1


def test_a_lease_is_kept_while_its_process_lives(world: World) -> None:
    world.workshop = Workshop(world.database, {"goal": world}, lambda _: world.tenant, lease=0.4)

    def slow(key: StepKey) -> Mapping[str, Any]:
        until = time.monotonic() + 1.2
        while time.monotonic() < until:
            time.sleep(0.1)
            assert not world.go_on()
        return {}

    world.body = lambda journal: journal.step("slow", "tool", {}, slow)
    assert world.begin().status == "done"
    world.workshop.close()


def test_a_run_that_processes_die_of_is_given_up(world: World) -> None:
    def body(journal: Journal) -> Mapping[str, Any]:
        raise Killed

    world.body = body
    with pytest.raises(Killed):
        world.begin()
    (run,) = world.workshop.runs.search(world.tenant.context)
    for _ in range(MOST_CLAIMS - 1):
        world.due(run)
        with pytest.raises(Killed):
            world.go_on()
    world.due(run)
    world.go_on()
    ended = world.now(run)
    assert ended.status == "failed"
    assert ended.fault is not None
    assert "died of the run" in ended.fault.message


def test_a_step_that_fails_for_the_moment_is_tried_again_with_the_same_key(world: World) -> None:
    keys: list[str] = []

    def act(key: StepKey) -> Mapping[str, Any]:
        keys.append(key.key)
        if key.attempt < 3:
            raise ToolUnavailable("down")
        return {"attempt": key.attempt}

    world.body = lambda journal: journal.step("one", "tool", {}, act)
    run = world.begin(seconds=0.5)
    assert run.status == "waiting"
    for _ in range(2):
        world.due(run)
        world.go_on()
    assert world.now(run).result == {"attempt": 3}
    assert len(set(keys)) == 1


def test_a_step_that_fails_for_good_ends_the_run_or_is_gone_round(world: World) -> None:
    def refuse(key: StepKey) -> Mapping[str, Any]:
        world.done.append("refused")
        raise ToolRefused("no")

    world.body = lambda journal: journal.step("one", "tool", {}, refuse)
    run = world.begin()
    assert run.status == "failed"
    assert run.fault is not None
    assert (run.fault.code, run.fault.step, run.fault.message) == ("tool_refused", "one", "no")

    def round_it(journal: Journal) -> Mapping[str, Any]:
        try:
            journal.step("one", "tool", {}, refuse)
        except StepFailed as error:
            return {"instead": error.error.code}
        return {}

    world.body = round_it
    assert world.begin("two").result == {"instead": "tool_refused"}


def test_a_run_waits_for_its_moment(world: World) -> None:
    def wait(key: StepKey) -> Mapping[str, Any]:
        waited(key, 0.5)
        return {"attempt": key.attempt}

    world.body = lambda journal: journal.step("wait", "wait", {}, wait)
    run = world.begin(seconds=0.2)
    assert run.status == "waiting"
    assert not world.go_on()
    time.sleep(0.5)
    assert world.go_on()
    assert world.now(run).result == {"attempt": 2}


def asks(world: World) -> Run:
    def act(key: StepKey) -> Mapping[str, Any]:
        made = world.registry.invoke(
            world.tenant, "give", {}, Caller("orchestrator"), key=key.key, run_id=world.asking.run_id
        )
        if made.status == "waiting":
            raise AwaitsApproval(made.invocation_id)
        return dict(made.result or {})

    def body(journal: Journal) -> Mapping[str, Any]:
        world.asking = journal.run  # type: ignore[attr-defined]
        return journal.step("give", "tool", {}, act)

    return body


@pytest.mark.parametrize("approve", [True, False])
def test_a_run_waits_for_a_person_and_goes_on_after_them(world: World, approve: bool) -> None:
    world.body = asks(world)
    run = world.begin()
    assert run.status == "waiting"
    assert run.wake_at is None
    (step,) = world.workshop.runs.get(world.tenant.context, run.run_id)[1]
    assert step.status == "waiting"
    assert not world.go_on()
    (pending,) = world.approvals.search(world.tenant.context, status="pending")
    assert pending.invocation.invocation_id == step.invocation_id
    world.approvals.decide(world.tenant.context, pending.approval_id, approve=approve, agent_id=uuid4())
    assert world.go_on()
    ended = world.now(run)
    if approve:
        assert ended.result == {"given": 10}
    else:
        assert ended.status == "failed"
        assert ended.fault is not None
        assert ended.fault.code == "tool_refused"


def test_what_a_person_takes_on_is_handed_over_with_what_there_is(world: World) -> None:
    def body(journal: Journal) -> Mapping[str, Any]:
        raise HandsOver("too hard", {"seen": 1})

    world.body = body
    run = world.begin()
    assert (run.status, run.result) == ("handed_over", {"seen": 1})


def test_what_one_process_had_no_time_for_another_goes_on_with(world: World) -> None:
    def slow(key: StepKey) -> Mapping[str, Any]:
        time.sleep(0.2)
        return {}

    def body(journal: Journal) -> Mapping[str, Any]:
        journal.step("slow", "tool", {}, slow)
        journal.step("next", "tool", {}, world.do("next"))
        return {}

    world.body = body
    run = world.begin(seconds=0.1)
    assert run.status == "running"
    assert world.done == []
    assert world.go_on()
    assert world.now(run).status == "done"


def test_a_cancelled_run_does_no_further_step(world: World) -> None:
    def body(journal: Journal) -> Mapping[str, Any]:
        world.workshop.runs.cancel(world.tenant.context, journal.run.run_id)
        journal.step("one", "tool", {}, world.do("one"))
        return {}

    world.body = body
    run = world.begin()
    assert run.status == "cancelled"
    assert world.done == []
    with pytest.raises(Conflict, match="cancelled already"):
        world.workshop.runs.cancel(world.tenant.context, run.run_id)


def test_a_key_begins_one_run_and_stands_for_no_other(world: World) -> None:
    world.body = lambda journal: journal.step("one", "tool", {}, world.do("one"))
    with ThreadPoolExecutor(6) as threads:
        runs = [threads.submit(world.begin, "same", a=1) for _ in range(6)]
        assert len({each.result().run_id for each in runs}) == 1
    assert world.done == ["one"]
    with pytest.raises(KeyReused):
        world.begin("same", a=2)
    with pytest.raises(InvalidInput, match="at most 64000"):
        world.begin("large", a="x" * 70_000)


def test_a_foreman_works_on_what_is_due_and_on_what_was_decided(world: World) -> None:
    foreman = Foreman(
        world.database, world.workshop, world.registry, world.approvals, lambda _: world.tenant, threads=2, sweep=0.2
    )
    world.body = lambda journal: journal.step("one", "tool", {}, world.do("one"))
    new = [NewRun("goal", "test", f"run {number}", {}, {}, "operator") for number in range(20)]
    for each in new:
        world.workshop.runs.start(world.tenant.context, each)
    asked = world.registry.invoke(world.tenant, "give", {}, Caller("flow"), key="alone")
    assert asked.approval_id is not None
    world.approvals.decide(world.tenant.context, asked.approval_id, approve=True, agent_id=None)
    foreman.start()
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            runs = world.workshop.runs.search(world.tenant.context, status="done")
            decided = world.registry.invocation(world.tenant, asked.invocation_id)
            if len(runs) == 20 and decided.status == "done":
                break
            time.sleep(0.05)
    finally:
        foreman.close()
    assert (len(runs), decided.status) == (20, "done")
    assert len(world.done) == 20


def test_no_tenant_reaches_anothers_runs(world: World, make_tenant: Callable[..., Tenant]) -> None:
    other = make_tenant().context
    run = world.begin()
    for reach in (world.workshop.runs.get, world.workshop.runs.cancel):
        with pytest.raises(NotFound):
            reach(other, run.run_id)
    assert world.workshop.runs.search(other) == ()
    assert not world.workshop.work(other, time.monotonic() + 1)
