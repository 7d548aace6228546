"""A call that breaks on the way: what was done is done once, and what nobody knows is said to be unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from components.core.errors import HelpdeskError, OutcomeUnknown, ToolRefused, ToolUnavailable
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import ToolInvocationRow
from components.tools.approvals import Approvals
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolSpec, ToolUse

API = Caller("api")
BOT = Caller("workflow")


class Killed(BaseException):
    """As if the process had died there."""


class Elsewhere:
    """A tool of another system, which counts what it was asked."""

    spec = ToolSpec("elsewhere", "Acts.", {"type": "object"}, {"type": "object"}, "write", permitted=True)

    def __init__(self, repeatable: bool = False) -> None:
        self.repeatable = repeatable
        self.keys: list[str] = []
        self.raises: BaseException | None = None
        self.gate: Event | None = None

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        return {"method": "POST"}

    def act(self, use: ToolUse) -> ToolOutcome:
        self.keys.append(use.key)
        if self.gate is not None:
            assert self.gate.wait(10)
        if self.raises is not None:
            raise self.raises
        return ToolOutcome({"done": len(self.keys)})


class Ours:
    """A tool on our own tables, whose every call is asked for."""

    spec = ToolSpec("ours", "Acts.", {"type": "object"}, {"type": "object"}, "money", permitted=True)

    def __init__(self) -> None:
        self.raises: HelpdeskError | None = None

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(1)

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        if self.raises is not None:
            raise self.raises
        return ToolOutcome({"done": True})


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant()


def lapse(database: Database, tenant: Tenant) -> None:
    """As if the time that a call had is over."""
    with database.tenant(tenant.context) as session:
        session.execute(update(ToolInvocationRow).values(leased_until=ToolInvocationRow.started_at))


def test_another_systems_call_whose_answer_was_lost_is_not_made_again(database: Database, tenant: Tenant) -> None:
    tool = Elsewhere()
    registry = ToolRegistry(database, [tool])
    tool.raises = Killed()
    with pytest.raises(Killed):
        registry.invoke(tenant, "elsewhere", {}, API, key="one")
    with pytest.raises(ToolUnavailable, match="being made just now"):
        registry.invoke(tenant, "elsewhere", {}, API, key="one")
    lapse(database, tenant)
    tool.raises = None
    for _ in range(2):
        with pytest.raises(OutcomeUnknown, match="answer was lost"):
            registry.invoke(tenant, "elsewhere", {}, API, key="one")
    assert tool.keys == ["one"]
    assert [each.status for each in registry.invocations(tenant)] == ["unknown"]


def test_one_that_may_be_repeated_is_made_again_with_the_same_key(database: Database, tenant: Tenant) -> None:
    tool = Elsewhere(repeatable=True)
    registry = ToolRegistry(database, [tool])
    tool.raises = Killed()
    with pytest.raises(Killed):
        registry.invoke(tenant, "elsewhere", {}, API, key="one")
    lapse(database, tenant)
    tool.raises = None
    made = registry.invoke(tenant, "elsewhere", {}, API, key="one")
    assert (made.status, made.attempts, made.result) == ("done", 2, {"done": 2})
    assert tool.keys == ["one", "one"]


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (ToolRefused("no"), "failed"),
        (OutcomeUnknown("it broke off"), "unknown"),
        (RuntimeError("a fault"), "unknown"),
        (ToolUnavailable("down"), "failed"),
    ],
)
def test_what_another_system_says_is_kept(database: Database, tenant: Tenant, raised: Exception, status: str) -> None:
    tool = Elsewhere()
    tool.raises = raised
    registry = ToolRegistry(database, [tool])
    with pytest.raises(HelpdeskError):
        registry.invoke(tenant, "elsewhere", {}, API, key="one")
    assert [each.status for each in registry.invocations(tenant)] == [status]
    tool.raises = None
    if isinstance(raised, ToolUnavailable):
        assert registry.invoke(tenant, "elsewhere", {}, API, key="one").status == "done"
    else:
        with pytest.raises(HelpdeskError):
            registry.invoke(tenant, "elsewhere", {}, API, key="one")
        assert len(tool.keys) == 1


def test_the_same_call_at_once_is_made_by_one(database: Database, tenant: Tenant) -> None:
    tool = Elsewhere()
    tool.gate = Event()
    registry = ToolRegistry(database, [tool])
    with ThreadPoolExecutor(4) as threads:
        calls = [threads.submit(registry.invoke, tenant, "elsewhere", {}, API, key="one") for _ in range(4)]
        wait(calls, timeout=0.5)
        tool.gate.set()
        failed = [each.exception(10) for each in calls]
    assert sum(error is None for error in failed) == 1
    assert all(isinstance(error, ToolUnavailable) for error in failed if error is not None)
    assert tool.keys == ["one"]


def test_a_dry_run_says_what_another_system_would_be_asked(database: Database, tenant: Tenant) -> None:
    tool = Elsewhere()
    made = ToolRegistry(database, [tool]).invoke(tenant, "elsewhere", {}, API, key="one", dry_run=True)
    assert made.result == {"would_call": {"method": "POST"}}
    assert tool.keys == []


def test_what_was_approved_and_failed_for_the_moment_is_not_asked_for_again(database: Database, tenant: Tenant) -> None:
    tool = Ours()
    registry, approvals = ToolRegistry(database, [tool]), Approvals(database)
    asked = registry.invoke(tenant, "ours", {}, BOT, key="one")
    assert asked.approval_id is not None
    approvals.decide(tenant.context, asked.approval_id, approve=True, agent_id=None)
    tool.raises = ToolUnavailable("down")
    with pytest.raises(ToolUnavailable):
        registry.resume(tenant, asked.invocation_id)
    assert registry.invocation(tenant, asked.invocation_id).status == "failed"
    assert approvals.decided(tenant.context) == ()
    tool.raises = None
    assert registry.invoke(tenant, "ours", {}, BOT, key="one").result == {"done": True}


def test_what_was_approved_for_a_tool_that_is_gone_ends(database: Database, tenant: Tenant) -> None:
    registry, approvals = ToolRegistry(database, [Ours()]), Approvals(database)
    asked = registry.invoke(tenant, "ours", {}, BOT, key="one")
    assert asked.approval_id is not None
    approvals.decide(tenant.context, asked.approval_id, approve=True, agent_id=None)
    gone = ToolRegistry(database).resume(tenant, asked.invocation_id)
    assert gone.status == "failed"
    assert approvals.decided(tenant.context) == ()
