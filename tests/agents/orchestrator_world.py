"""A tenant with a small shop, the scripted model over a socket, and a workshop that tests begin anew like a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from components.agents.journal import Journal
from components.agents.orchestrator.executor import Orchestrator
from components.agents.orchestrator.model_turns import Models
from components.agents.plans.library import Plans
from components.agents.run import NewRun, WorkRun, WorkStep
from components.agents.run_rows import RUNS
from components.agents.runs import wake_for
from components.agents.workshop import Workshop
from components.core.errors import NotFound, ToolRefused
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import CustomerRow, ShopOrderRow
from components.gateway.catalogue import load_catalogue
from components.gateway.event_loop import EventLoopThread
from components.gateway.gateway import ModelGateway
from components.gateway.opening import open_gateway
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.model_policy import policy_of
from components.models.chat_model_factory import build_chat_model
from components.models.extractive import ExtractiveGenerator
from components.models.onnx_embedder import OnnxEmbedder
from components.tools.approvals import Approvals
from components.tools.built_in.create_ticket import CreateTicket
from components.tools.registry import ToolRegistry
from components.tools.tool import ToolOutcome, ToolSpec, ToolUse
from tests.helpdesk.scripted_model_server import Script, ScriptedServer

REFUND = "Process refund"
SHOP = {
    "high_accuracy_model": "scripted",
    "models": [],
    "tools": {"lookup_order": {}, "refund_order": {"limit": 100}},
}
ORDER = {
    "type": "object",
    "properties": {"order_number": {"type": "string"}, "email": {"type": "string"}},
    "required": ["order_number"],
    "additionalProperties": False,
}
REFUNDS = {
    **ORDER,
    "properties": {
        "order_number": {"type": "string"},
        "amount": {"type": "number", "exclusiveMinimum": 0},
        "reason": {"type": "string"},
        "email": {"type": "string"},
    },
    "required": ["order_number", "reason"],
}


class Killed(BaseException):
    """As if the process had died there."""


class Mortal:
    """Pursues goals, and dies once at the n-th new step: when it has ended, or before it is stored."""

    def __init__(self, goals: Orchestrator, at: int, die: Callable[[], None], *, stored: bool) -> None:
        self._goals, self._left, self._die, self._stored = goals, at, die, stored

    def run(self, journal: Journal) -> Mapping[str, Any]:
        step = journal.step

        def mortal(name: str, kind: str, given: Any, do: Any, **how: Any) -> Any:
            stood = journal.find(name)
            dies = self._left == 0 and (stood is None or stood.status == "running")

            def act(key: Any) -> Any:
                done = do(key)
                if dies and not self._stored:
                    self._die()
                return done

            if stood is None:
                self._left -= 1
            ended = step(name, kind, given, act, **how)
            if dies:
                self._die()
            return ended

        journal.step = mortal  # type: ignore[method-assign]
        return self._goals.run(journal)


def fall() -> None:
    """Dies within this process."""
    raise Killed


class LookUp:
    """An order of the shop's table."""

    spec = ToolSpec("lookup_order", "Looks an order up.", ORDER, {"type": "object"}, "read")

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order = _order(session, use)
        return ToolOutcome(
            {
                "order_number": order.order_number,
                "status": order.status,
                "total": float(order.total),
                "refunded": float(order.refunded),
                "note": order.details.get("note", ""),
            }
        )


class Refund:
    """Money back, by default all that is left of the order, counted in its row."""

    spec = ToolSpec("refund_order", "Gives money back.", REFUNDS, {"type": "object"}, "money")

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return _asked(_order(session, use), use)

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        order = _order(session, use)
        amount = _asked(order, use)
        if order.status != "delivered":
            raise ToolRefused(f"order {order.order_number} is {order.status}: only a delivered one is refunded")
        if order.refunded + amount > order.total:
            raise ToolRefused(f"{amount} is more than is left of order {order.order_number}")
        order.refunded += amount
        return ToolOutcome({"order_number": order.order_number, "amount": float(amount)})


def _asked(order: ShopOrderRow, use: ToolUse) -> Decimal:
    asked = use.arguments.get("amount")
    return order.total - order.refunded if asked is None else Decimal(str(asked))


def _order(session: Session, use: ToolUse) -> ShopOrderRow:
    order = session.scalar(
        select(ShopOrderRow).where(
            ShopOrderRow.tenant_id == use.tenant.tenant_id,
            ShopOrderRow.order_number == use.arguments["order_number"],
        )
    )
    if order is None:
        raise NotFound(f"there is no order {use.arguments['order_number']}")
    return order


class World:
    """One tenant and its orders. `restarted` gives another process's world over the same database and model."""

    def __init__(self, database: Database, tenant: Tenant, opened: tuple[ModelGateway, EventLoopThread] | None) -> None:
        """opened: the way to language models; none = there is none."""
        self.database, self.tenant, self._opened = database, tenant, opened
        self.registry = ToolRegistry(database, [LookUp(), Refund(), CreateTicket()])
        self.approvals = Approvals(database, wake_for)
        self.plans = Plans(database)
        models = (
            None
            if opened is None
            else Models(*opened, lambda _: policy_of(self.tenant.config), Conversations(database).channel)
        )
        self.goals = Orchestrator(self.registry, self.plans, models)
        self.workshop = Workshop(database, {"goal": self.goals}, lambda _: self.tenant)

    def restarted(self) -> World:
        return World(self.database, self.tenant, self._opened)

    def dies(self, at: int, die: Callable[[], None] = fall, *, stored: bool) -> None:
        """Has whoever works on runs here die at this step."""
        mortal = Mortal(self.goals, at, die, stored=stored)
        self.workshop = Workshop(self.database, {"goal": mortal}, lambda _: self.tenant)

    def add_order(self, number: str = "A-1", *, total: float = 80, status: str = "delivered", note: str = "") -> None:
        with self.database.tenant(self.tenant.context) as session:
            customer = uuid4().hex
            session.add(CustomerRow(tenant_id=self.tenant.tenant_id, customer_id=customer))
            session.flush()
            session.add(
                ShopOrderRow(
                    tenant_id=self.tenant.tenant_id,
                    order_number=number,
                    customer_id=customer,
                    status=status,
                    total=Decimal(str(total)),
                    details={"note": note},
                )
            )

    def refunded(self, number: str = "A-1") -> float:
        with self.database.tenant(self.tenant.context) as session:
            mine = (ShopOrderRow.tenant_id == self.tenant.tenant_id, ShopOrderRow.order_number == number)
            return float(session.scalars(select(ShopOrderRow.refunded).where(*mine)).one())

    def begin(self, goal: str = REFUND, *, key: str = "one", plan: str | None = None, **given: Any) -> WorkRun:
        """As it stands when it has been worked on once."""
        document: Mapping[str, Any] = {} if plan is None else {"plan": plan}
        new = NewRun("goal", goal, key, document, given, "operator", goal=goal)
        run = self.workshop.runs.start(self.tenant.context, new)
        self.workshop.work(self.tenant.context, time.monotonic() + 20, run.run_id)
        return self.look(run)[0]

    def go_on(self) -> bool:
        return self.workshop.work(self.tenant.context, time.monotonic() + 20)

    def look(self, run: WorkRun | UUID) -> tuple[WorkRun, tuple[WorkStep, ...]]:
        run_id = run if isinstance(run, UUID) else run.run_id
        return self.workshop.runs.get(self.tenant.context, run_id)

    def newest(self) -> WorkRun:
        return self.workshop.runs.search(self.tenant.context)[0]

    def due(self) -> None:
        """As if time had passed: what waits for a moment is due, and a dead process's lease has lapsed."""
        past = {"wake_at": RUNS.c.started_at, "leased_until": None}
        mine = (RUNS.c.tenant_id == self.tenant.tenant_id, RUNS.c.wake_at.is_not(None))
        with self.database.tenant(self.tenant.context) as session:
            session.execute(update(RUNS).where(*mine).values(past))

    def decide(self, *, approve: bool) -> None:
        (pending,) = self.approvals.search(self.tenant.context, status="pending")
        self.approvals.decide(self.tenant.context, pending.approval_id, approve=approve, agent_id=uuid4())


@contextmanager
def opened_models(
    database: Database, server: ScriptedServer, folder: Path
) -> Iterator[tuple[ModelGateway, EventLoopThread]]:
    """The gateway with the scripted server in its catalogue, and the loop that it lives on."""
    extractive = ExtractiveGenerator(OnnxEmbedder(threads=1))
    build = partial(build_chat_model, extractive=extractive)
    gateway, loop = open_gateway(load_catalogue(server.catalogue(folder)), build, database), EventLoopThread()
    try:
        yield gateway, loop
    finally:
        loop.run(gateway.close(), 10)
        loop.close()


def calls(name: str, arguments: str) -> Script:
    """A turn in which the model calls this function."""
    return Script(calls=((name, arguments),))


def says(*pieces: str) -> Script:
    """A turn in which the model says this."""
    return Script(pieces)
