"""The registry: what is called is checked, permitted, limited, asked for, made once, kept, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from components.core.errors import (
    Conflict,
    InvalidInput,
    KeyReused,
    NotFound,
    RateLimited,
    ToolNotAllowed,
    ToolNotFound,
    ToolRefused,
    ToolUnavailable,
)
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import CustomerRow
from components.tools.approvals import Approvals
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolSpec, ToolUse, Undo

API = Caller("api")
BOT = Caller("orchestrator")
PERSON = Caller("agent", str(uuid4()))


class Pay:
    """Adds a customer for each payment, so that one that was made twice is seen."""

    spec = ToolSpec(
        name="pay",
        description="Pays.",
        input_schema={
            "type": "object",
            "properties": {"to": {"type": "string", "maxLength": 50}, "amount": {"type": "number"}},
            "required": ["to", "amount"],
            "additionalProperties": False,
        },
        output_schema={"type": "object"},
        side_effect="money",
        permitted=True,
        per_minute=30,
    )

    def __init__(self) -> None:
        self.fails: Exception | None = None

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(str(use.arguments["amount"]))

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        session.add(CustomerRow(tenant_id=use.tenant.tenant_id, customer_id=uuid4().hex, email=use.arguments["to"]))
        session.flush()
        if self.fails is not None:
            raise self.fails
        return ToolOutcome({"paid": use.arguments["amount"]}, Undo("pay", {"to": "back", "amount": 0}))


@pytest.fixture
def pay() -> Pay:
    return Pay()


@pytest.fixture
def registry(database: Database, pay: Pay) -> ToolRegistry:
    return ToolRegistry(database, [pay, CreateTicket()])


@pytest.fixture
def approvals(database: Database) -> Approvals:
    return Approvals(database)


@pytest.fixture
def tenant(make_tenant: Callable[..., Tenant]) -> Tenant:
    return make_tenant(config={"actions": {"limit": 50}})


@pytest.fixture
def payments(database: Database, tenant: Tenant) -> Callable[[], int]:
    def count() -> int:
        with database.tenant(tenant.context) as session:
            return session.scalar(select(func.count()).select_from(CustomerRow)) or 0

    return count


def arguments(amount: float = 5, to: str = "ada") -> dict[str, Any]:
    return {"to": to, "amount": amount}


def test_a_call_gives_its_result_and_is_kept(registry: ToolRegistry, tenant: Tenant) -> None:
    made = registry.invoke(tenant, "pay", arguments(), API, key="one")
    assert (made.status, made.result, made.price) == ("done", {"paid": 5}, Decimal(5))
    kept = registry.invocation(tenant, made.invocation_id)
    assert kept == made
    assert (kept.caller, dict(kept.arguments)) == (API, arguments())
    assert registry.invocations(tenant, tool="pay") == (kept,)


def test_the_same_key_twice_acts_once(registry: ToolRegistry, tenant: Tenant, payments: Callable[[], int]) -> None:
    first = registry.invoke(tenant, "pay", arguments(), API, key="one")
    again = registry.invoke(tenant, "pay", arguments(), API, key="one")
    assert (again.invocation_id, again.result, again.repeated) == (first.invocation_id, first.result, True)
    assert payments() == 1


def test_the_same_key_at_once_acts_once(registry: ToolRegistry, tenant: Tenant, payments: Callable[[], int]) -> None:
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(registry.invoke, tenant, "pay", arguments(), API, key="one") for _ in range(8)]
        assert len({each.result().invocation_id for each in calls}) == 1
    assert payments() == 1


def test_a_key_that_stands_for_another_call_is_refused(registry: ToolRegistry, tenant: Tenant) -> None:
    registry.invoke(tenant, "pay", arguments(), API, key="one")
    with pytest.raises(KeyReused, match="another call of pay"):
        registry.invoke(tenant, "pay", arguments(6), API, key="one")


@pytest.mark.parametrize(
    ("given", "field", "told"),
    [
        ({"to": "ada"}, "arguments.amount", "required"),
        ({**arguments(), "extra": 1}, "arguments.extra", "allowed are to, amount"),
        ({"to": 7, "amount": 1}, "arguments.to", "not of type 'string'"),
        ({"to": "x" * 1_000_000, "amount": 1}, "arguments", "at most 64000"),
        ({"to": "\0", "amount": 1}, "arguments", "U\\+0000"),
        ({"to": "a", "amount": float("nan")}, "arguments", "no JSON"),
    ],
)
def test_arguments_that_do_not_fit_are_named_and_nothing_is_kept(
    registry: ToolRegistry, tenant: Tenant, given: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        registry.invoke(tenant, "pay", given, API, key="one")
    assert caught.value.field == field
    assert registry.invocations(tenant) == ()


def test_an_unknown_tool_is_told_with_those_there_are(registry: ToolRegistry, tenant: Tenant) -> None:
    with pytest.raises(ToolNotFound, match="did you mean create_ticket"):
        registry.invoke(tenant, "create_tickets", {}, API, key="one")


def test_what_a_tool_refuses_is_refused_again_for_its_key_and_has_done_nothing(
    registry: ToolRegistry, tenant: Tenant, pay: Pay, payments: Callable[[], int]
) -> None:
    pay.fails = ToolRefused("not delivered yet")
    for _ in range(2):
        with pytest.raises(ToolRefused, match="not delivered yet"):
            registry.invoke(tenant, "pay", arguments(), API, key="one")
        pay.fails = None
    assert payments() == 0
    (kept,) = registry.invocations(tenant, status="failed")
    assert kept.failure is not None
    assert (kept.failure.code, kept.failure.again) == ("tool_refused", False)


@pytest.mark.parametrize("error", [ToolUnavailable("down"), RuntimeError("a fault")])
def test_what_failed_for_the_moment_may_be_tried_again_with_its_key(
    registry: ToolRegistry, tenant: Tenant, pay: Pay, payments: Callable[[], int], error: Exception
) -> None:
    pay.fails = error
    with pytest.raises(ToolUnavailable):
        registry.invoke(tenant, "pay", arguments(), API, key="one")
    assert [each.status for each in registry.invocations(tenant)] == ["failed"]
    pay.fails = None
    assert registry.invoke(tenant, "pay", arguments(), API, key="one").status == "done"
    assert payments() == 1
    assert [each.status for each in registry.invocations(tenant)] == ["done"]


def test_a_dry_run_does_and_keeps_nothing(registry: ToolRegistry, tenant: Tenant, payments: Callable[[], int]) -> None:
    would = registry.invoke(tenant, "pay", arguments(), API, key="one", dry_run=True)
    assert (would.status, would.result, would.dry) == ("done", {"paid": 5}, True)
    assert registry.invoke(tenant, "pay", arguments(500), API, key="one", dry_run=True).status == "waiting"
    assert payments() == 0
    assert registry.invocations(tenant) == ()


def test_more_than_the_limit_waits_for_a_person_and_goes_on_after_them(
    registry: ToolRegistry, approvals: Approvals, tenant: Tenant, payments: Callable[[], int]
) -> None:
    asked = registry.invoke(tenant, "pay", arguments(50.01), BOT, key="one")
    assert (asked.status, asked.price) == ("waiting", Decimal("50.01"))
    assert registry.invoke(tenant, "pay", arguments(50.01), BOT, key="one").status == "waiting"
    (pending,) = approvals.search(tenant.context, status="pending")
    assert (pending.approval_id, pending.invocation.tool) == (asked.approval_id, "pay")
    assert "50.01 is more than the 50.00" in pending.reason
    assert payments() == 0
    decided = approvals.decide(tenant.context, pending.approval_id, approve=True, agent_id=uuid4(), comment="ok")
    assert (decided.status, decided.comment) == ("approved", "ok")
    assert approvals.decided(tenant.context) == (asked.invocation_id,)
    assert registry.resume(tenant, asked.invocation_id).status == "done"
    assert registry.invoke(tenant, "pay", arguments(50.01), BOT, key="one").result == {"paid": 50.01}
    assert payments() == 1
    assert approvals.decided(tenant.context) == ()


def test_what_a_person_refuses_is_never_done(
    registry: ToolRegistry, approvals: Approvals, tenant: Tenant, payments: Callable[[], int]
) -> None:
    asked = registry.invoke(tenant, "pay", arguments(51), BOT, key="one")
    assert asked.approval_id is not None
    approvals.decide(tenant.context, asked.approval_id, approve=False, agent_id=uuid4(), comment="fraud")
    with pytest.raises(Conflict, match="refused already"):
        approvals.decide(tenant.context, asked.approval_id, approve=True, agent_id=uuid4())
    with pytest.raises(ToolRefused, match="fraud"):
        registry.invoke(tenant, "pay", arguments(51), BOT, key="one")
    assert registry.resume(tenant, asked.invocation_id).status == "refused"
    assert payments() == 0


def test_what_nobody_decides_in_time_is_refused(
    database: Database, pay: Pay, approvals: Approvals, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant(config={"actions": {"approval_hours": 1e-7}})
    registry = ToolRegistry(database, [pay])
    asked = registry.invoke(tenant, "pay", arguments(1), BOT, key="one")
    assert asked.approval_id is not None
    with pytest.raises(Conflict, match="expired"):
        approvals.decide(tenant.context, asked.approval_id, approve=True, agent_id=uuid4())
    assert approvals.expire(tenant.context) == (asked.invocation_id,)
    with pytest.raises(ToolRefused, match="nobody decided in time"):
        registry.invoke(tenant, "pay", arguments(1), BOT, key="one")


def test_a_persons_own_call_asks_nobody(registry: ToolRegistry, tenant: Tenant) -> None:
    assert registry.invoke(tenant, "pay", arguments(500), PERSON, key="one").status == "done"


@pytest.mark.parametrize(
    ("rules", "amount", "status"),
    [
        ({"approval": "always"}, 1, "waiting"),
        ({"approval": "never"}, 10_000, "done"),
        ({"limit": 10}, 11, "waiting"),
        ({"limit": 10}, 10, "done"),
    ],
)
def test_the_tenants_rules_say_what_waits(
    registry: ToolRegistry, make_tenant: Callable[..., Tenant], rules: dict[str, Any], amount: float, status: str
) -> None:
    tenant = make_tenant(config={"tools": {"pay": rules}})
    assert registry.invoke(tenant, "pay", arguments(amount), BOT, key="one").status == status


def test_a_write_above_the_limit_waits_too_where_it_says_what_it_moves(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    class Move(Pay):
        spec = replace(Pay.spec, name="move", side_effect="write")

    tenant, registry = make_tenant(config={"actions": {"limit": 50}}), ToolRegistry(database, [Move(), CreateTicket()])
    assert registry.invoke(tenant, "move", arguments(51), BOT, key="one").status == "waiting"
    assert registry.invoke(tenant, "move", arguments(50), BOT, key="two").status == "done"
    assert registry.invoke(tenant, "create_ticket", {"subject": "Zip"}, BOT, key="three").status == "done"


def test_a_tool_is_kept_from_those_who_may_not_call_it(
    registry: ToolRegistry, make_tenant: Callable[..., Tenant]
) -> None:
    off = make_tenant(config={"tools": {"pay": {"allowed": False}}})
    with pytest.raises(ToolNotAllowed, match="not permitted here"):
        registry.invoke(off, "pay", arguments(), API, key="one")
    some = make_tenant(config={"tools": {"pay": {"callers": ["workflow"]}}})
    with pytest.raises(ToolNotAllowed, match="not permitted to api: workflow may"):
        registry.invoke(some, "pay", arguments(), API, key="one")
    assert [each.tool.spec.name for each in registry.offered(some, API)] == ["create_ticket"]


def test_calls_are_limited_by_the_minute_and_known_ones_are_not_counted(
    registry: ToolRegistry, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant(config={"tools": {"pay": {"per_minute": 3, "approval": "never"}}})
    for number in range(3):
        registry.invoke(tenant, "pay", arguments(), API, key=str(number))
    with pytest.raises(RateLimited, match="3 calls a minute") as caught:
        registry.invoke(tenant, "pay", arguments(), API, key="4")
    assert 0 < caught.value.retry_after <= 20
    assert registry.invoke(tenant, "pay", arguments(), API, key="0").repeated


def test_a_call_is_taken_back_once(registry: ToolRegistry, tenant: Tenant, payments: Callable[[], int]) -> None:
    made = registry.invoke(tenant, "pay", arguments(), API, key="one")
    back = registry.undo(tenant, made.invocation_id, PERSON)
    assert (back.arguments["to"], payments()) == ("back", 2)
    assert registry.undo(tenant, made.invocation_id, PERSON).invocation_id == back.invocation_id
    assert registry.invocation(tenant, made.invocation_id).undone_by == back.invocation_id
    assert payments() == 2


def test_a_call_is_made_once_more_as_another_one(
    registry: ToolRegistry, tenant: Tenant, payments: Callable[[], int]
) -> None:
    made = registry.invoke(tenant, "pay", arguments(), API, key="one")
    assert registry.replay(tenant, made.invocation_id, PERSON, key="again", dry_run=True).dry
    assert payments() == 1
    assert registry.replay(tenant, made.invocation_id, PERSON, key="again", dry_run=False).status == "done"
    assert payments() == 2


def test_no_tenant_reaches_anothers_calls(
    registry: ToolRegistry, approvals: Approvals, tenant: Tenant, make_tenant: Callable[..., Tenant]
) -> None:
    other = make_tenant(config={"actions": {"limit": 50}})
    made = registry.invoke(tenant, "pay", arguments(), API, key="one")
    asked = registry.invoke(tenant, "pay", arguments(99), BOT, key="two")
    assert asked.approval_id is not None
    for reach in (registry.invocation, registry.resume):
        with pytest.raises(NotFound):
            reach(other, made.invocation_id)
    with pytest.raises(NotFound):
        registry.undo(other, made.invocation_id, PERSON)
    with pytest.raises(NotFound):
        approvals.decide(other.context, asked.approval_id, approve=True, agent_id=uuid4())
    assert approvals.search(other.context) == ()
    theirs = registry.invoke(other, "pay", arguments(), API, key="one")
    assert theirs.invocation_id != made.invocation_id
    assert not theirs.repeated


def test_a_ticket_is_opened_once_for_its_key(registry: ToolRegistry, tenant: Tenant) -> None:
    conversation = UUID(int=7)
    wish = {"subject": "Refund", "email": "ada@example.com"}
    made = registry.invoke(tenant, "create_ticket", wish, BOT, key="one", conversation_id=conversation)
    assert made.result is not None
    assert made.result["ticket_number"] == 1
    again = registry.invoke(tenant, "create_ticket", wish, BOT, key="one", conversation_id=conversation)
    assert again.result == made.result
