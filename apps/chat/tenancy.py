"""How a request of the chat belongs to a tenant: by the path that the server saw, and by nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from components.core.errors import TenantNotFound
from components.core.tenant import Tenant

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import Scope

# Stands in the one page that Gradio builds, for the name that each tenant's copy carries.
TITLE = "helpdesk-chat-title"

_KEY = "helpdesk.tenant"


def with_tenant(scope: Scope, tenant: Tenant) -> Scope:
    """A copy of `scope` that `tenant_of` finds the tenant in."""
    return {**scope, _KEY: tenant}


def tenant_of(request: Request | None) -> Tenant:
    """The tenant whose path the request came by. Raises TenantNotFound for one that came another way."""
    tenant = request.scope.get(_KEY) if request else None
    if not isinstance(tenant, Tenant):
        raise TenantNotFound("the request did not come by a tenant's path")
    return tenant


def session_of(tenant_id: UUID, session: str) -> str:
    """The name under which Gradio knows a browser's session. It begins with the tenant, so that a
    session named by a browser is always one of the tenant whose path it uses."""
    return f"{tenant_id.hex}.{session}"
