"""Who may come in by a socket, and who must not stay: tokens decide, when it begins and at every event."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import Any
from uuid import UUID

from apps.api.agent_access import AgentAccess
from apps.api.handover.requests import Authentication, read_request
from apps.api.handover.sockets import Allowance, Audience, Socket
from apps.api.workers import WorkerPool
from components.core.errors import RateLimited, TenantNotFound, Unavailable
from components.core.tenant import Tenant
from components.helpdesk.conversations.conversations import Conversations
from components.helpdesk.session_tokens import SessionTokens, refused
from components.helpdesk.tenants import TenantRegistry

# What the database said of tenant and agent holds so long.
FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class SocketBounds:
    """Bounds of one process. sockets: at once. backlog: packets that may wait for one to be read. patience: seconds
    that a backlog may stay full. packet_bytes: longest event. events: a minute, of one socket, of all kinds; fleeting:
    of those, of typing and presence; messages: of an agent's messages and notes. look_every: seconds after which every
    socket is looked at again."""

    sockets: int = 5000
    backlog: int = 512
    patience: float = 10.0
    packet_bytes: int = 192 * 1024
    events: int = 1200
    fleeting: int = 120
    messages: int = 300
    look_every: float = 10.0


class Entrance:
    """Lets sockets in and looks at them again. Raises AccessDenied for whoever may not, Unavailable."""

    def __init__(
        self,
        audience: Audience,
        tokens: SessionTokens,
        agents: AgentAccess,
        tenants: TenantRegistry,
        conversations: Conversations,
        pool: WorkerPool,
        bounds: SocketBounds,
        *,
        deadline: float,
    ) -> None:
        """deadline: seconds of one look-up."""
        self._audience, self._tokens, self._agents, self._tenants = audience, tokens, agents, tenants
        self._conversations, self._pool, self._bounds, self._deadline = conversations, pool, bounds, deadline
        self._seen: dict[UUID, tuple[Tenant, float]] = {}

    async def admit(self, sid: str, auth: Any) -> tuple[Socket, int]:
        """The new socket, and for a customer's the last message that it need not be told. auth: what came with the
        connection. Raises InvalidInput, too."""
        if len(self._audience) >= self._bounds.sockets:
            raise Unavailable(f"{self._bounds.sockets} connections are open already: try again soon")
        asked = read_request(Authentication, (auth,))
        if asked.session_id is None:
            signed_in = await self._agents.find(asked.token)
            return self._socket(sid, asked, signed_in.tenant, agent=signed_in.agent, name=signed_in.agent.name), 0
        context = self._tokens.verify(asked.token, asked.session_id)
        tenant = await self._tenant(context.tenant_id)
        look_up = partial(self._conversations.get, tenant.context, asked.session_id)
        conversation = await self._pool.run(look_up, deadline=self._deadline)
        name = conversation.customer.get("name", "")
        last = conversation.last_sequence
        cursor = last if asked.after is None else min(asked.after, last)
        return self._socket(sid, asked, tenant, session_id=asked.session_id, name=name), cursor

    async def check(self, socket: Socket) -> None:
        """That its token is good still, its tenant there, its agent not gone; `socket` has them as they are now."""
        if socket.session_id is not None:
            self._tokens.verify(socket.token, socket.session_id)
        now = monotonic()
        if now - socket.checked_at < FRESH_SECONDS:
            return
        if socket.session_id is not None:
            socket.tenant = await self._tenant(socket.tenant.tenant_id)
        else:
            signed_in = await self._agents.find(socket.token)
            socket.tenant, socket.agent = signed_in.tenant, signed_in.agent
        socket.checked_at = now

    async def _tenant(self, tenant_id: UUID) -> Tenant:
        """Looked up once for all its customers' sockets."""
        tenant, at = self._seen.get(tenant_id, (None, 0.0))
        if tenant is not None and monotonic() - at < FRESH_SECONDS:
            return tenant
        self._seen.pop(tenant_id, None)
        try:
            tenant = await self._pool.run(partial(self._tenants.get, tenant_id), deadline=self._deadline)
        except TenantNotFound as error:
            raise refused() from error
        self._seen[tenant_id] = tenant, monotonic()
        return tenant

    def _socket(self, sid: str, asked: Authentication, tenant: Tenant, **who: Any) -> Socket:
        bounds = self._bounds
        return Socket(
            sid,
            tenant,
            asked.token,
            monotonic(),
            Allowance(bounds.events),
            Allowance(bounds.fleeting),
            Allowance(bounds.messages),
            **who,
        )


def take(allowance: Allowance, what: str) -> None:
    """One more of it. Raises RateLimited."""
    if not allowance.take():
        raise RateLimited(f"{allowance.a_minute} {what} a minute are allowed on a connection", retry_after=1.0)
