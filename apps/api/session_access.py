"""Who is chatting: the token of a request decides tenant and session, and nothing else does."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from apps.api.workers import WorkerPool
from components.core.errors import TenantNotFound
from components.core.tenant import Tenant
from components.helpdesk.session_tokens import SessionTokens, refused
from components.helpdesk.tenants import TenantRegistry

_BEARER = HTTPBearer(
    scheme_name="chat_session",
    bearerFormat="JWT",
    description="The token that POST /chat/sessions gave for this session.",
    auto_error=False,
)


@dataclass(frozen=True)
class ChatSession:
    """A session that the caller holds the token of."""

    tenant: Tenant
    session_id: UUID


class SessionAccess:
    """A FastAPI dependency that gives the ChatSession of the path's {session}, where the token is that session's.

    Raises InvalidSessionToken, also where the tenant is gone, DatabaseUnavailable, and Unavailable past `deadline`
    seconds.
    """

    def __init__(self, tokens: SessionTokens, tenants: TenantRegistry, pool: WorkerPool, *, deadline: float) -> None:
        self._tokens = tokens
        self._tenants = tenants
        self._pool = pool
        self._deadline = deadline

    async def __call__(
        self, session: UUID, request: Request, bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]
    ) -> ChatSession:
        context = self._tokens.verify(bearer.credentials if bearer else "", session)
        try:
            tenant = await self._pool.run(lambda: self._tenants.get(context.tenant_id), deadline=self._deadline)
        except TenantNotFound as error:
            raise refused() from error
        request.state.tenant = str(tenant.tenant_id)
        return ChatSession(tenant, session)
