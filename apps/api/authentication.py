"""Who is asking: the API key of a request decides its tenant, and nothing else does."""

from typing import Annotated

from fastapi import Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from apps.api.workers import WorkerPool
from components.core.errors import InvalidApiKey, TenantMismatch
from components.core.tenant import TenantContext
from components.helpdesk.api_keys import KEY_FIELD, ApiKeys

_BEARER = HTTPBearer(
    scheme_name="bearer", description="A tenant's API key, shown once by `helpdesk tenant create`.", auto_error=False
)
_HEADER = APIKeyHeader(
    name="X-Api-Key", scheme_name="api_key", description="The same key in a header of its own.", auto_error=False
)


class Authentication:
    """A FastAPI dependency that gives the TenantContext of the request's key.

    `Authorization: Bearer` is read first, `X-Api-Key` where it is absent.
    Raises InvalidApiKey without a key or with a wrong one, DatabaseUnavailable, and Unavailable
    past `deadline` seconds.
    """

    def __init__(self, keys: ApiKeys, pool: WorkerPool, *, deadline: float) -> None:
        self._keys = keys
        self._pool = pool
        self._deadline = deadline

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> TenantContext:
        key = bearer.credentials if bearer else header
        if not key:
            raise InvalidApiKey("no API key was sent: Authorization: Bearer hd_…", field=KEY_FIELD)
        tenant = await self._pool.run(lambda: self._keys.verify(key), deadline=self._deadline)
        request.state.tenant = str(tenant.tenant_id)
        return tenant


def require_same_tenant(tenant: TenantContext, named: object) -> None:
    """Raises TenantMismatch unless `named`, the tenant id in a body, is that of the key."""
    if named != tenant.tenant_id:
        raise TenantMismatch(
            f"the API key belongs to another tenant than {named}; send the tenant_id of the key's own tenant",
            field="tenant_id",
        )
