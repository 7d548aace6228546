"""Who works on the helpdesk itself: a program with the tenant's key, or a person whose role allows it."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Header, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from apps.api.authentication import Authentication
from apps.api.workers import WorkerPool
from components.core.errors import InvalidApiKey, InvalidInput
from components.core.tenant import TenantContext
from components.helpdesk.access.people import People, Person
from components.helpdesk.access.roles import Permission, require
from components.helpdesk.api_keys import KEY_FIELD, KEY_PREFIX

_BEARER = HTTPBearer(
    scheme_name="workbench",
    description="A tenant's API key, or the token of somebody whose role allows it.",
    auto_error=False,
)
_HEADER = APIKeyHeader(
    name="X-Api-Key", scheme_name="api_key", description="The API key in a header of its own.", auto_error=False
)


@dataclass(frozen=True)
class Worker:
    """person: None for a program with the tenant's key."""

    tenant: TenantContext
    person: Person | None


class WorkbenchAccess:
    """A FastAPI dependency that gives the Worker of the request's key or token.

    The admin names the tenant in the header X-Tenant. Raises InvalidApiKey, InvalidCredentials, AccessDenied that says
    whom to ask, InvalidInput for a tenant that is not there, DatabaseUnavailable, and Unavailable past `deadline`
    seconds.
    """

    def __init__(
        self, keys: Authentication, people: People, pool: WorkerPool, needs: Permission, *, deadline: float
    ) -> None:
        self._keys, self._people, self._pool = keys, people, pool
        self._needs, self._deadline = needs, deadline

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
        x_tenant: Annotated[str, Header(description="Domain of the tenant; only the admin needs to say it.")] = "",
    ) -> Worker:
        if bearer is None and not header:
            raise InvalidApiKey("neither an API key nor a person's token was sent", field=KEY_FIELD)
        if bearer is None or bearer.credentials.startswith(KEY_PREFIX):
            return Worker(await self._keys(request, bearer, header), None)
        token = bearer.credentials
        person = await self._pool.run(lambda: self._people.get(token), deadline=self._deadline)
        require(person.role, self._needs)
        tenant = _tenant_of(person, x_tenant)
        request.state.tenant = str(tenant.tenant_id)
        return Worker(tenant, person)


def _tenant_of(person: Person, asked: str) -> TenantContext:
    if person.agent_id is not None and not asked:
        return person.tenants[0].context
    for each in person.tenants:
        if each.domain == asked:
            return each.context
    allowed = ", ".join(each.domain for each in person.tenants) or "none"
    raise InvalidInput(f"X-Tenant={asked[:80]!r}: {allowed} is allowed", field="X-Tenant")
