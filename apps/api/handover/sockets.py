"""Who is connected to this process and what each of them watches, up to which message."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from uuid import UUID

from components.core.tenant import Tenant
from components.helpdesk.handover.agents import Agent

# A conversation of a tenant's.
Key = tuple[UUID, UUID]


class Allowance:
    """So many a minute of something, up to as many at once. Not thread-safe."""

    def __init__(self, a_minute: int) -> None:
        self.a_minute = a_minute
        self._left, self._at = float(a_minute), monotonic()

    def take(self) -> bool:
        """Whether one more is allowed now."""
        now = monotonic()
        self._left = min(self._left + (now - self._at) * self.a_minute / 60, self.a_minute)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


@dataclass(eq=False)
class Socket:
    """One connection, whose token was good when it began. agent: None for a customer; session_id: the customer's
    conversation, None for an agent. name: as others see it. checked_at: when tenant and agent were last looked up, by
    time.monotonic. order: what it writes is stored in the order in which it came. full_since: when it had so much to
    read that it is told no more at present, by time.monotonic."""

    sid: str
    tenant: Tenant
    token: str
    checked_at: float
    events: Allowance
    fleeting: Allowance
    messages: Allowance
    name: str
    agent: Agent | None = None
    session_id: UUID | None = None
    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    watches: dict[UUID, Watch] = field(default_factory=dict)
    full_since: float | None = None


@dataclass(eq=False)
class Watch:
    """One socket's view of one conversation. cursor: the last message that it was told. told: the state that it was
    told last, if any. behind: it could not take all there was. open: False once another took its place, or none."""

    socket: Socket
    conversation_id: UUID
    cursor: int
    told: dict[str, Any] | None = None
    behind: bool = False
    open: bool = True

    @property
    def key(self) -> Key:
        return self.socket.tenant.tenant_id, self.conversation_id


class Audience:
    """The sockets of this process. Belongs to one event loop."""

    def __init__(self) -> None:
        self._sockets: dict[str, Socket] = {}
        self._of_tenant: dict[UUID, set[Socket]] = {}
        self._agents: dict[UUID, set[Socket]] = {}
        self._watches: dict[UUID, dict[UUID, dict[str, Watch]]] = {}

    def __len__(self) -> int:
        return len(self._sockets)

    def __iter__(self) -> Iterator[Socket]:
        return iter(tuple(self._sockets.values()))

    def enter(self, socket: Socket) -> None:
        """It is connected."""
        self._sockets[socket.sid] = socket
        for of_tenant in self._groups(socket):
            of_tenant.setdefault(socket.tenant.tenant_id, set()).add(socket)

    def find(self, sid: str) -> Socket | None:
        return self._sockets.get(sid)

    def leave(self, sid: str) -> Socket | None:
        """It is gone, with all its watches; the socket where it was known."""
        socket = self._sockets.pop(sid, None)
        if socket is None:
            return None
        for conversation_id in list(socket.watches):
            self.unwatch(socket, conversation_id)
        for of_tenant in self._groups(socket):
            of_tenant[socket.tenant.tenant_id].discard(socket)
            if not of_tenant[socket.tenant.tenant_id]:
                del of_tenant[socket.tenant.tenant_id]
        return socket

    def watch(self, watch: Watch) -> None:
        """In place of the socket's other watch of the same conversation."""
        socket = watch.socket
        self.unwatch(socket, watch.conversation_id)
        if socket.sid in self._sockets:
            socket.watches[watch.conversation_id] = watch
            of_tenant = self._watches.setdefault(socket.tenant.tenant_id, {})
            of_tenant.setdefault(watch.conversation_id, {})[socket.sid] = watch

    def unwatch(self, socket: Socket, conversation_id: UUID) -> None:
        """Nothing more is told of it. Does nothing where it is not watched."""
        watch = socket.watches.pop(conversation_id, None)
        if watch is None:
            return
        watch.open = False
        of_tenant = self._watches[socket.tenant.tenant_id]
        del of_tenant[conversation_id][socket.sid]
        if not of_tenant[conversation_id]:
            del of_tenant[conversation_id]
        if not of_tenant:
            del self._watches[socket.tenant.tenant_id]

    def watches(self, key: Key) -> tuple[Watch, ...]:
        """Those of one conversation."""
        return tuple(self._watches.get(key[0], {}).get(key[1], {}).values())

    def watched(self, tenant_id: UUID) -> set[UUID]:
        """The tenant's conversations that somebody watches."""
        return set(self._watches.get(tenant_id, ()))

    def is_watched(self, key: Key) -> bool:
        return key[1] in self._watches.get(key[0], ())

    def tenants(self) -> set[UUID]:
        """Those with a socket here."""
        return set(self._of_tenant)

    def agents(self, tenant_id: UUID) -> tuple[Socket, ...]:
        """The sockets of a tenant's agents."""
        return tuple(self._agents.get(tenant_id, ()))

    def has_agents(self, tenant_id: UUID) -> bool:
        return tenant_id in self._agents

    def _groups(self, socket: Socket) -> tuple[dict[UUID, set[Socket]], ...]:
        return (self._of_tenant,) if socket.agent is None else (self._of_tenant, self._agents)
