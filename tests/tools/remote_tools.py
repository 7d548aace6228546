"""Tools that a tenant has added, over a REST service of the tests' own: fixtures for whoever imports them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from rest_service import TOKEN, RestService, rest_service

from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.tools.added import AddedTools
from components.tools.mcp.mcp_tool import mcp_tool
from components.tools.openapi.importing import ImportRequest, import_document
from components.tools.openapi.operation_tool import operation_tool
from components.tools.registry import ToolRegistry

__all__ = ["added", "loop", "registry", "secret", "service", "shop"]


@pytest.fixture(scope="session")
def loop() -> Iterator[EventLoopThread]:
    loop = EventLoopThread("tools")
    yield loop
    loop.close()


@pytest.fixture
def service() -> Iterator[RestService]:
    with rest_service() as service:
        yield service


@pytest.fixture
def added(database: Database, loop: EventLoopThread) -> AddedTools:
    makers = {"openapi": partial(operation_tool, loop=loop), "mcp": partial(mcp_tool, loop=loop)}
    return AddedTools(database, makers, lambda: frozenset({"create_ticket"}))  # type: ignore[arg-type]


@pytest.fixture
def registry(database: Database, added: AddedTools) -> ToolRegistry:
    return ToolRegistry(database, [], added.of)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """A reference to the service's token."""
    monkeypatch.setenv("SHOP_TOKEN", TOKEN)
    return "env:SHOP_TOKEN"


@pytest.fixture
def shop(make_tenant: Callable[..., Tenant], added: AddedTools, service: RestService, secret: str) -> Tenant:
    """A tenant that has added the whole service, and may use it."""
    asked = ImportRequest(secrets=(secret,), private=True)
    imported = import_document(service.document, asked)
    names = [each.name for each in imported.tools]
    tenant = make_tenant(config={"tools": {name: {"approval": "never"} for name in names}})
    added.add(tenant.context, imported.origin, imported.tools)
    return tenant
