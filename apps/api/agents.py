"""Agents sign in and see each other: POST /agents/sign-in, GET /agents/me, GET /agents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from apps.api.agent_access import AgentAccess, AgentSession
from apps.api.openapi import problem_responses
from apps.api.text import without_nul
from apps.api.workers import WorkerPool
from components.core.tenant import TenantContext
from components.helpdesk.access.roles import Permission, Role, may, permissions_of
from components.helpdesk.access.sliding_limits import SlidingLimit, network_of
from components.helpdesk.handover.agent_tokens import AgentTokens
from components.helpdesk.handover.agents import LONGEST_PASSWORD, Agent, Agents, Presence
from components.helpdesk.tenants import TenantRegistry

_ANY_ROUTE = ("invalid_credentials", "internal_error", "database_unavailable", "unavailable")
_OF_A_BODY = (
    "invalid_json",
    "content_too_large",
    "unsupported_media_type",
    "request_timeout",
    "invalid_input",
    "rate_limited",
)


class SignIn(BaseModel):
    """An agent who begins to work."""

    model_config = ConfigDict(extra="forbid")

    tenant: Annotated[str, StringConstraints(min_length=1, max_length=253), AfterValidator(without_nul)] = Field(
        description="Domain of the tenant.", examples=["northtrail.example"]
    )
    email: Annotated[str, StringConstraints(min_length=1, max_length=254), AfterValidator(without_nul)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_PASSWORD)]


class AgentTold(BaseModel):
    """A person of the tenant's helpdesk. may: what their role allows. presence: offline where no page of theirs is
    open. team: "" = every queue."""

    agent_id: UUID
    email: str
    name: str
    role: Role
    may: list[Permission]
    team: str
    presence: Presence

    @classmethod
    def of(cls, agent: Agent) -> Self:
        return cls(
            agent_id=agent.agent_id,
            email=agent.email,
            name=agent.name,
            role=agent.role,
            may=list(permissions_of(agent.role)),
            team=agent.team,
            presence=agent.presence,
        )


class SignedInTold(BaseModel):
    """The token is good for a working day."""

    token: str = Field(description="For 'Authorization: Bearer <token>' on agents' routes, and for the socket.")
    expires_at: datetime
    agent: AgentTold


@dataclass(frozen=True)
class SignInBounds:
    """Bounds of one process. at_once: passwords checked at once, which takes a tenth of a second each. waiting: those
    who may queue for it. of_address, of_email: attempts a minute, right or wrong."""

    at_once: int = 2
    waiting: int = 16
    of_address: int = 20
    of_email: int = 10


class SignIns:
    """Checks who signs in, a few at once, and nobody often. `pool` is the caller's to close."""

    def __init__(
        self, tenants: TenantRegistry, agents: Agents, tokens: AgentTokens, bounds: SignInBounds, *, deadline: float
    ) -> None:
        self._tenants, self._agents, self._tokens, self._deadline = tenants, agents, tokens, deadline
        self.pool = WorkerPool("sign-ins", threads=bounds.at_once, waiting=bounds.waiting)
        self._of_address = SlidingLimit(bounds.of_address, "attempts to sign in a minute are allowed from one address")
        self._of_email = SlidingLimit(bounds.of_email, "attempts to sign in a minute are allowed to one person")

    async def sign_in(self, asked: SignIn, address: str) -> SignedInTold:
        """Raises InvalidCredentials, the same whether tenant, person or password is wrong; RateLimited, Unavailable."""
        domain = asked.tenant.lower()
        self._of_address.count(network_of(address))
        self._of_email.count(f"{domain}/{asked.email.strip().lower()}")

        def check() -> tuple[TenantContext, Agent]:
            tenant = self._tenants.find_by_domain(domain)
            # A tenant that is not there takes as long to refuse as a wrong password.
            context = tenant.context if tenant else TenantContext(uuid4())
            return context, self._agents.sign_in(context, asked.email, asked.password)

        context, agent = await self.pool.run(check, deadline=self._deadline)
        token, expires_at = self._tokens.issue(context, agent.agent_id)
        return SignedInTold(token=token, expires_at=expires_at, agent=AgentTold.of(agent))


def agents_router(
    sign_ins: SignIns, access: AgentAccess, agents: Agents, pool: WorkerPool, *, deadline: float
) -> APIRouter:
    """The three routes. access: gives the AgentSession of a request, of who answers customers."""
    router = APIRouter(tags=["agents"])

    @router.post(
        "/agents/sign-in",
        summary="Sign in as an agent, or as whoever works with the tenant's helpdesk",
        operation_id="sign_in_agent",
        responses=problem_responses(*_OF_A_BODY, *_ANY_ROUTE),
    )
    async def sign_in(body: SignIn, request: Request) -> SignedInTold:
        return await sign_ins.sign_in(body, request.client.host if request.client else "")

    @router.get("/agents/me", summary="Who am I?", operation_id="read_agent", responses=problem_responses(*_ANY_ROUTE))
    async def read_me(session: Annotated[AgentSession, Depends(access.whoever)]) -> AgentTold:
        return AgentTold.of(session.agent)

    @router.get(
        "/agents",
        summary="All agents of the tenant who answer customers, by name",
        operation_id="list_agents",
        responses=problem_responses("access_denied", *_ANY_ROUTE),
    )
    async def list_agents(session: Annotated[AgentSession, Depends(access)]) -> list[AgentTold]:
        found = await pool.run(lambda: agents.list(session.tenant.context), deadline=deadline)
        return [AgentTold.of(each) for each in found if may(each.role, "answer_customers")]

    return router
