"""Tools of the tests' own, and a shop whose people and programs call them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Event
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from components.database.tables import CustomerRow
from components.helpdesk.handover.agents import Agent
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse, Undo
from tests.apps_api.apps_api_customers import Customer

if TYPE_CHECKING:
    from fastapi.testclient import TestClient

    from apps.api.measurements import Measurements
    from components.bootstrap import Workbench

__all__ = ["acting", "api", "counter", "hang"]

LIMIT = 50
CONFIG = {"actions": {"limit": LIMIT}, "tools": {"hang": {"timeout": 120}, "hidden": {"allowed": False}}}
_OPEN = {"type": "object", "properties": {}, "additionalProperties": False}


class Pay:
    """Adds a customer for each payment, so that one that was made twice is seen."""

    spec = ToolSpec(
        name="pay",
        description="Pays an amount back to the customer.",
        input_schema={
            "type": "object",
            "properties": {"to": {"type": "string"}, "amount": {"type": "number", "exclusiveMinimum": 0}},
            "required": ["to", "amount"],
            "additionalProperties": False,
        },
        output_schema={"type": "object"},
        side_effect="money",
        permitted=True,
        undoable=True,
    )

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return Decimal(str(use.arguments["amount"]))

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        session.add(CustomerRow(tenant_id=use.tenant.tenant_id, customer_id=uuid4().hex, email=use.arguments["to"]))
        session.flush()
        return ToolOutcome({"paid": use.arguments["amount"]}, Undo("take_back", {"amount": use.arguments["amount"]}))


class TakeBack:
    """Takes a payment back."""

    spec = ToolSpec(
        name="take_back",
        description="Takes a payment back.",
        input_schema={"type": "object", "properties": {"amount": {"type": "number"}}, "additionalProperties": False},
        output_schema={"type": "object"},
        side_effect="write",
        permitted=True,
    )

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome({"taken": use.arguments.get("amount")})


class Hang:
    """A tool of another system that does not return before it is let go."""

    spec = ToolSpec("hang", "Never returns.", _OPEN, {"type": "object"}, "write", permitted=True)
    repeatable = True

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.let_go = Event()
        self.calls = 0

    def describe(self, use: ToolUse) -> Mapping[str, Any]:
        return {"address": "nowhere"}

    def act(self, use: ToolUse) -> ToolOutcome:
        self.calls += 1
        self.let_go.wait()
        return ToolOutcome({"returned": True})


class Hidden(TakeBack):
    """A tool that the shop does not permit."""

    spec = ToolSpec("hidden", "Is not for everybody.", _OPEN, {"type": "object"}, "write", permitted=True)


HANG = Hang()
OWN = (Pay(), TakeBack(), HANG, Hidden())


@dataclass(frozen=True)
class Counter:
    """A tenant with a program and an agent, both of whom call tools."""

    workbench: Workbench
    customer: Customer
    agent: Agent
    agents: dict[str, str]

    @property
    def headers(self) -> dict[str, str]:
        return self.customer.headers

    def payments(self) -> int:
        """How often something was paid."""
        with self.workbench.database.tenant(self.customer.tenant.context) as session:
            return session.scalar(select(func.count()).select_from(CustomerRow)) or 0


def make_counter(workbench: Workbench) -> Counter:
    """A new tenant."""
    tenant = workbench.tenants.create("Counter", f"counter-{uuid4().hex[:12]}.example", CONFIG)
    agent = workbench.agents.create(
        tenant.context, email="anna@example.com", name="Anna", password="correct horse battery"
    )
    token, _ = workbench.agent_tokens.issue(tenant.context, agent.agent_id)
    customer = Customer(tenant, workbench.api_keys.issue(tenant.context, "tests").key)
    return Counter(workbench, customer, agent, {"Authorization": f"Bearer {token}"})


def pay(api: TestClient, headers: dict[str, str], amount: float = 5, key: str = "", **params: Any) -> Any:
    """The response to a call of `pay`."""
    keyed = {"Idempotency-Key": key} if key else {}
    return api.post("/tools/pay/invoke", json={"to": "ada", "amount": amount}, headers=headers | keyed, params=params)


@pytest.fixture(scope="module")
def hang(acting: Workbench) -> Iterator[Hang]:
    HANG.begin()
    yield HANG
    HANG.let_go.set()


@pytest.fixture(scope="module")
def acting(workbench: Workbench) -> Workbench:
    """The workbench, whose registry has tools of the tests' own too: whoever works on the database's runs and
    approvals must know them."""
    tools = workbench.actions.tools
    for tool in OWN:
        if tool.spec.name not in tools.built_in:
            tools.add(tool)
    return workbench


@pytest.fixture(scope="module")
def api(acting: Workbench, counted: Measurements) -> Iterator[TestClient]:
    from fastapi.testclient import TestClient

    from apps.api.app import create_app

    with TestClient(create_app(acting, measurements=counted)) as client:
        yield client


@pytest.fixture
def counter(acting: Workbench) -> Counter:
    return make_counter(acting)
