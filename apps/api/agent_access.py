"""Which agent is asking: the token of a request decides tenant and agent, the agent's role what is open to them."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from apps.api.workers import WorkerPool
from components.core.errors import InvalidCredentials, NotFound
from components.core.tenant import Tenant
from components.helpdesk.access.roles import require
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.handover.agents import Agent, Agents
from components.helpdesk.tenants import TenantRegistry

_BEARER = HTTPBearer(
    scheme_name="agent",
    bearerFormat="JWT",
    description="The token that POST /agents/sign-in gave.",
    auto_error=False,
)


@dataclass(frozen=True)
class AgentSession:
    """An agent who has signed in, as they stand now."""

    tenant: Tenant
    agent: Agent


class AgentAccess:
    """A FastAPI dependency that gives the AgentSession of the request's token; `find` does the same for a socket.

    Raises InvalidCredentials, also where tenant or agent are gone, AccessDenied for who may not answer customers,
    DatabaseUnavailable, and Unavailable past `deadline` seconds.
    """

    def __init__(
        self, tokens: AgentTokens, agents: Agents, tenants: TenantRegistry, pool: WorkerPool, *, deadline: float
    ) -> None:
        self._tokens, self._agents, self._tenants = tokens, agents, tenants
        self._pool, self._deadline = pool, deadline

    async def __call__(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> AgentSession:
        session = await self.whoever(request, bearer)
        require(session.agent.role, "answer_customers")
        return session

    async def whoever(
        self, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> AgentSession:
        """The same, whatever their role: for what is open to all."""
        session = await self._find(bearer.credentials if bearer else "")
        request.state.tenant = str(session.tenant.tenant_id)
        return session

    async def find(self, token: str) -> AgentSession:
        """Whose token it is."""
        session = await self._find(token)
        require(session.agent.role, "answer_customers")
        return session

    async def _find(self, token: str) -> AgentSession:
        signed_in = self._tokens.verify(token)

        def look_up() -> AgentSession:
            tenant = self._tenants.get(signed_in.tenant.tenant_id)
            return AgentSession(tenant, self._agents.get(tenant.context, signed_in.agent_id))

        try:
            return await self._pool.run(look_up, deadline=self._deadline)
        except NotFound as error:
            raise InvalidCredentials("the agent has left: sign in as another", field="Authorization") from error
