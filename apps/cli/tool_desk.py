"""What the commands of `helpdesk tool` work with, and what their errors say can be done next."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apps.cli.context import open_registry, open_workbench
from components.core.errors import InvalidInput, NotFound, RateLimited

if TYPE_CHECKING:
    from components.core.tenant import Tenant
    from components.helpdesk.conversations.conversations import Conversations
    from components.tools.approvals import Approvals
    from components.tools.registry import ToolRegistry
    from components.tools.tool import Caller


@dataclass(frozen=True)
class ToolDesk:
    """A tenant, its tools, and the operator as who calls them."""

    tenant: Tenant
    tools: ToolRegistry
    approvals: Approvals
    operator: Caller
    conversations: Conversations


@contextmanager
def open_desk(domain: str, *, tool: str | None = None) -> Iterator[ToolDesk]:
    """With all tools and what they work with. tool: that is to be called."""
    from components.tools.tool import Caller

    with open_workbench() as workbench, _pointing(domain, tool):
        actions = workbench.actions
        tenant = workbench.tenants.get_by_domain(domain)
        yield ToolDesk(tenant, actions.tools, actions.approvals, Caller("operator"), workbench.conversations)


@contextmanager
def open_records(domain: str) -> Iterator[tuple[Tenant, ToolRegistry, Approvals]]:
    """What was done and what waits, and no tool: quickly."""
    from components.tools.approvals import Approvals
    from components.tools.registry import ToolRegistry

    with open_registry() as registry, _pointing(domain):
        tenant = registry.tenants.get_by_domain(domain)
        yield tenant, ToolRegistry(registry.database), Approvals(registry.database)


@contextmanager
def _pointing(domain: str, tool: str | None = None) -> Iterator[None]:
    """An error says what can be done next."""
    try:
        yield
    except InvalidInput as error:
        if tool is None or not (error.field or "").startswith("arguments"):
            raise
        raise InvalidInput(
            f"{error.message}: `helpdesk tool show {domain} {tool}` shows what it takes", field=error.field
        ) from error
    except NotFound as error:
        listing = {"invocation_id": "calls", "approval_id": "approvals"}.get(error.field or "")
        if listing is None:
            raise
        raise NotFound(
            f"{error.message}: `helpdesk tool {listing} {domain}` lists those there are", field=error.field
        ) from error
    except RateLimited as error:
        raise RateLimited(
            f"{error.message}: try again in {error.retry_after:.0f} s, or allow more with "
            "`tools: {NAME: {per_minute: …}}` in the tenant's configuration",
            retry_after=error.retry_after,
        ) from error
