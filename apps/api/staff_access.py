"""Who works on tickets: a program with the tenant's key, or an agent who has signed in; either decides the tenant."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from apps.api.agent_access import AgentAccess
from apps.api.authentication import Authentication
from components.core.errors import InvalidApiKey
from components.core.tenant import TenantContext
from components.helpdesk.api_keys import KEY_FIELD, KEY_PREFIX
from components.helpdesk.tickets.ticket_event import Actor

_BEARER = HTTPBearer(
    scheme_name="staff",
    description="A tenant's API key, or the token that POST /agents/sign-in gave.",
    auto_error=False,
)
_HEADER = APIKeyHeader(
    name="X-Api-Key", scheme_name="api_key", description="The API key in a header of its own.", auto_error=False
)


@dataclass(frozen=True)
class Staff:
    """On whose behalf, and who does it."""

    tenant: TenantContext
    actor: Actor


class StaffAccess:
    """A FastAPI dependency that gives the Staff of the request's key or token.

    Raises InvalidApiKey for a wrong key or none, InvalidCredentials for a wrong token, DatabaseUnavailable, and
    Unavailable past the deadline of the two it asks.
    """

    def __init__(self, keys: Authentication, agents: AgentAccess) -> None:
        self._keys, self._agents = keys, agents

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Staff:
        if bearer is None and not header:
            raise InvalidApiKey("neither an API key nor an agent's token was sent", field=KEY_FIELD)
        if bearer is None or bearer.credentials.startswith(KEY_PREFIX):
            return Staff(await self._keys(request, bearer, header), Actor("api"))
        session = await self._agents(request, bearer)
        return Staff(session.tenant.context, Actor("agent", session.agent.agent_id, session.agent.name))
