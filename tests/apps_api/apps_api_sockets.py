"""Customers and agents on sockets, and conversations for them that need no model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import socketio

from components.core.tenant import Tenant
from components.helpdesk.conversations.claiming import accept_message
from components.helpdesk.conversations.finishing import finish_turn
from components.helpdesk.conversations.opening import store_opening
from components.helpdesk.conversations.turn_records import NewMessage, TurnClaim, TurnResult
from components.helpdesk.handover.agents import Agent
from tests.staff import hired

if TYPE_CHECKING:
    from components.bootstrap import Workbench

NAMESPACE = "/handover"
LEASE = 30.0
WITHIN = 10.0

Told = tuple[str, dict[str, Any]]


class Line:
    """One socket, with all that it was told, in order."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.told: list[Told] = []
        self.client.on("*", self._hear, namespace=NAMESPACE)

    def _hear(self, event: str, data: dict[str, Any]) -> None:
        self.told.append((event, data))

    async def call(self, event: str, /, **data: Any) -> dict[str, Any]:
        """The event's acknowledgement."""
        answer: dict[str, Any] = await self.client.call(event, data, namespace=NAMESPACE, timeout=WITHIN)
        return answer

    async def done(self, event: str, /, **data: Any) -> dict[str, Any]:
        """The same, which must be good."""
        answer = await self.call(event, **data)
        assert answer["ok"], answer
        return answer

    async def until(self, ready: Callable[[], Any], within: float = WITHIN) -> Any:
        """What `ready` gives once it is true."""
        end = monotonic() + within
        while not (found := ready()):
            assert monotonic() < end, f"not told: {self.told}"
            await asyncio.sleep(0.01)
        return found

    async def heard(self, event: str, within: float = WITHIN, /, **like: Any) -> dict[str, Any]:
        """The first such event, whenever it comes."""
        found: dict[str, Any] = await self.until(lambda: next(iter(self.all(event, **like)), None), within)
        return found

    def all(self, event: str, /, **like: Any) -> list[dict[str, Any]]:
        return [data for name, data in self.told if name == event and like.items() <= data.items()]

    @property
    def sequences(self) -> list[int]:
        """Of all messages, in the order in which they came."""
        return [data["sequence"] for name, data in self.told if name in ("message", "agent_to_user")]

    async def close(self) -> None:
        await self.client.disconnect()


@asynccontextmanager
async def line(url: str, auth: dict[str, Any], transport: str = "websocket") -> AsyncIterator[Line]:
    """A socket for as long as the block lasts."""
    opened = Line()
    await opened.client.connect(url, auth=auth, namespaces=[NAMESPACE], transports=[transport], wait_timeout=WITHIN)
    try:
        yield opened
    finally:
        await opened.close()


@dataclass(frozen=True)
class Desks:
    """A tenant whose conversations are made here. Each method stores what turns and agents would."""

    workbench: Workbench
    tenant: Tenant

    def agent(self, name: str = "Anna", **more: Any) -> Agent:
        email = f"{uuid4().hex}@example.com"
        return hired(self.workbench.database, self.tenant.context, name, email=email, **more)

    def agents_auth(self, agent: Agent) -> dict[str, Any]:
        return {"token": self.workbench.agent_tokens.issue(self.tenant.context, agent.agent_id)[0]}

    def customers_auth(self, conversation_id: UUID, **more: Any) -> dict[str, Any]:
        token = self.workbench.session_tokens.issue(self.tenant.tenant_id, conversation_id)[0]
        return {"token": token, "session_id": str(conversation_id), **more}

    def opened(self, name: str = "Ada") -> UUID:
        result = TurnResult((NewMessage("Hello"),), "bot", {}, "en")
        context = self.tenant.context
        stored, _ = store_opening(
            self.workbench.database, context, uuid4(), result, channel="web", customer={"name": name}, flow_version=0
        )
        return stored.conversation_id

    def ask(self, conversation_id: UUID, text: str = "a human please", priority: str = "normal") -> None:
        """A turn that ends in the queue: two more messages."""
        accepted = accept_message(
            self.workbench.database, self.tenant.context, conversation_id, uuid4().hex, text, LEASE
        )
        assert isinstance(accepted.now, TurnClaim)
        asked = {"reason": "asked_by_customer", "node": "main.a", "priority": priority, "summary": "wants a person"}
        result = TurnResult((NewMessage("A colleague will come"),), "waiting", {}, "en", asked)
        assert finish_turn(self.workbench.database, self.tenant.context, accepted.now, result) is not None

    def waiting(self, name: str = "Ada", priority: str = "normal") -> UUID:
        conversation_id = self.opened(name)
        self.ask(conversation_id, priority=priority)
        return conversation_id

    def claimed(self, agent: Agent) -> UUID:
        """Four messages, the last of which says who has joined."""
        conversation_id = self.waiting()
        self.workbench.desk.claim(self.tenant.context, agent, conversation_id)
        return conversation_id

    def say(self, agent: Agent, conversation_id: UUID, text: str) -> int:
        message, _ = self.workbench.desk.say(
            self.tenant.context, agent, conversation_id, client_message_id=uuid4().hex, text=text
        )
        return message.sequence


def make_desks(workbench: Workbench) -> Desks:
    """A new tenant."""
    return Desks(workbench, workbench.tenants.create("Desk", f"{uuid4().hex}.example", {}))
