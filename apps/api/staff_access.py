"""Who may read a tenant's figures: its agents, by the token they signed in for, and programs, by its API key."""

from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from apps.api.agent_access import AgentAccess
from apps.api.authentication import Authentication
from components.core.tenant import TenantContext
from components.helpdesk.api_keys import PREFIX

_BEARER = HTTPBearer(
    scheme_name="staff", description="A tenant's API key, or the token of POST /agents/sign-in.", auto_error=False
)
_HEADER = APIKeyHeader(
    name="X-Api-Key", scheme_name="api_key", description="The same key in a header of its own.", auto_error=False
)


class StaffAccess:
    """A FastAPI dependency that gives the TenantContext of an API key or of an agent's token.

    Raises InvalidApiKey, InvalidCredentials, DatabaseUnavailable, Unavailable past the deadline.
    """

    def __init__(self, authenticate: Authentication, agents: AgentAccess) -> None:
        self._authenticate, self._agents = authenticate, agents

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> TenantContext:
        if bearer is None or bearer.credentials.startswith(PREFIX):
            return await self._authenticate(request, bearer, header)
        return (await self._agents(request, bearer)).tenant.context
