"""Tools that a tenant adds are its own, are kept, replaced and removed whole, and every process sees it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from remote_tools import *  # noqa: F403
from sqlalchemy import select, text

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant
from components.database.session import Database
from components.database.tables import AddedToolRow, AuditLogRow
from components.gateway.event_loop import EventLoopThread
from components.tools.added import MOST_TOOLS, AddedTools, NewTool
from components.tools.openapi.declaration import OperationDeclaration
from components.tools.openapi.operation_tool import operation_tool
from components.tools.registry import ToolRegistry

ORIGIN = "https://shop.example/v1"


def new(name: str, description: str = "Looks.", **more: Any) -> NewTool:
    declaration = OperationDeclaration(
        operation=name,
        description=description,
        side_effect="read",
        method="GET",
        url=f"{ORIGIN}/{name}",
        host="shop.example",
        input_schema={"type": "object", "properties": {}, "additionalProperties": False},
        output_schema={"type": "object"},
    )
    return NewTool(name, "openapi", declaration.model_dump(mode="json") | more)


def names(registry: ToolRegistry, tenant: Tenant) -> list[str]:
    return [each.tool.spec.name for each in registry.offered(tenant)]


def test_added_tools_are_kept_replaced_and_removed(
    added: AddedTools, registry: ToolRegistry, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant = make_tenant()
    assert added.add(tenant.context, ORIGIN, [new("b"), new("a")]) == ("a", "b")
    assert names(registry, tenant) == ["a", "b"]
    added.add(tenant.context, ORIGIN, [new("a", "Looks closer.")])
    assert registry.get(tenant, "a").spec.description == "Looks closer."
    assert [(each.name, each.origin) for each in added.list(tenant.context)] == [("a", ORIGIN), ("b", ORIGIN)]
    assert added.remove(tenant.context, names=["a"]) == ("a",)
    assert names(registry, tenant) == ["b"]
    assert added.remove(tenant.context, origin=ORIGIN) == ("b",)
    assert names(registry, tenant) == []
    with database.tenant(tenant.context) as session:
        rows = session.scalars(select(AuditLogRow).order_by(AuditLogRow.timestamp)).all()
    assert [row.action for row in rows] == ["tools.added", "tools.added", "tools.removed", "tools.removed"]


def test_what_another_process_changes_is_seen_at_once(
    added: AddedTools,
    registry: ToolRegistry,
    database: Database,
    loop: EventLoopThread,
    make_tenant: Callable[..., Tenant],
) -> None:
    tenant, other = make_tenant(), AddedTools(database, {"openapi": partial(operation_tool, loop=loop)})
    assert names(registry, tenant) == []
    other.add(tenant.context, ORIGIN, [new("a")])
    first = registry.get(tenant, "a")
    assert registry.get(tenant, "a") is first
    other.add(tenant.context, ORIGIN, [new("a", "Anew.")])
    assert registry.get(tenant, "a").spec.description == "Anew."
    other.remove(tenant.context, names=["a"])
    assert names(registry, tenant) == []


def test_what_cannot_be_added_leaves_nothing_behind(
    added: AddedTools, registry: ToolRegistry, make_tenant: Callable[..., Tenant]
) -> None:
    tenant = make_tenant()
    added.add(tenant.context, ORIGIN, [new("theirs")])
    with pytest.raises(Conflict, match="comes from elsewhere"):
        added.add(tenant.context, "https://other.example", [new("mine"), new("theirs")])
    with pytest.raises(Conflict, match="built-in"):
        added.add(tenant.context, ORIGIN, [new("mine"), new("create_ticket")])
    for bad in (new("Mine"), new("mine", url=7), new("mine", unheard_of=1)):
        with pytest.raises(InvalidInput):
            added.add(tenant.context, ORIGIN, [bad])
    with pytest.raises(Conflict, match=f"at most {MOST_TOOLS}"):
        added.add(tenant.context, ORIGIN, [new(f"t{n}") for n in range(MOST_TOOLS)])
    assert names(registry, tenant) == ["theirs"]


def test_removing_what_is_not_there_removes_nothing(added: AddedTools, make_tenant: Callable[..., Tenant]) -> None:
    tenant = make_tenant()
    added.add(tenant.context, ORIGIN, [new("a")])
    with pytest.raises(NotFound, match="'b': there are a"):
        added.remove(tenant.context, names=["a", "b"])
    with pytest.raises(NotFound):
        added.remove(tenant.context, origin="https://other.example")
    with pytest.raises(InvalidInput):
        added.remove(tenant.context)
    assert [each.name for each in added.list(tenant.context)] == ["a"]


def test_a_tenant_reaches_no_tool_of_another(
    added: AddedTools, registry: ToolRegistry, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    mine, theirs = make_tenant(), make_tenant()
    added.add(theirs.context, ORIGIN, [new("a")])
    assert names(registry, mine) == []
    assert added.list(mine.context) == ()
    with pytest.raises(NotFound):
        added.remove(mine.context, names=["a"])
    with database.tenant(mine.context) as session:
        assert session.scalars(select(AddedToolRow)).all() == []
        session.execute(text("DELETE FROM added_tools"))
    added.add(mine.context, ORIGIN, [new("a", "Mine.")])
    assert registry.get(theirs, "a").spec.description == "Looks."


def test_a_tool_that_does_not_read_any_more_is_left_out_and_the_others_stay(
    added: AddedTools, registry: ToolRegistry, make_tenant: Callable[..., Tenant], database: Database
) -> None:
    tenant = make_tenant()
    added.add(tenant.context, ORIGIN, [new("a"), new("b")])
    with database.tenant(tenant.context) as session:
        session.execute(text("UPDATE added_tools SET declaration = '{}' WHERE name = 'a'"))
        session.execute(text("UPDATE added_tools SET added_at = clock_timestamp() WHERE name = 'a'"))
    assert names(registry, tenant) == ["b"]
