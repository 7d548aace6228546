"""The tools that tenants have added to those that everybody has: kept as declarations, and made into tools when asked
for."""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Any, Literal, cast
from uuid import UUID

from sqlalchemy import Connection, Row, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from components.core.errors import Conflict, InvalidInput, NotFound
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import AddedToolRow
from components.helpdesk.actions_config import TOOL_NAME
from components.helpdesk.audit import record_action
from components.helpdesk.storable import storable
from components.tools.tool import RemoteTool

AddedSource = Literal["openapi", "mcp"]
# Makes a tool of its name and declaration. Raises InvalidInput.
MakeTool = Callable[[str, Mapping[str, Any]], RemoteTool]

MOST_TOOLS = 500
_TENANTS_KEPT = 200
_TOOLS = AddedToolRow.metadata.tables[AddedToolRow.__tablename__]

_log = logging.getLogger("helpdesk.tools")


@dataclass(frozen=True)
class NewTool:
    """declaration: what `MakeTool` of its source reads."""

    name: str
    source: AddedSource
    declaration: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class AddedTool:
    """A tool that a tenant has. origin: base address of the API, or address of the MCP server."""

    name: str
    source: AddedSource
    origin: str
    added_at: datetime
    declaration: Mapping[str, Any] = field(repr=False)


def tool_names(database: Database, tenant: TenantContext) -> frozenset[str]:
    """Those that a tenant has added. Raises DatabaseUnavailable."""
    with database.tenant(tenant) as session:
        mine = select(_TOOLS.c.name).where(_TOOLS.c.tenant_id == tenant.tenant_id)
        return frozenset(session.connection().execute(mine).scalars())


class AddedTools:
    """Thread-safe. Every method raises DatabaseUnavailable."""

    def __init__(
        self,
        database: Database,
        makers: Mapping[AddedSource, MakeTool],
        taken: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """makers: what makes a source's tools. taken: names that every tenant has a tool of already."""
        self._database, self._makers, self._taken = database, makers, taken
        self._made: OrderedDict[UUID, tuple[object, Mapping[str, RemoteTool]]] = OrderedDict()
        self._lock = Lock()

    def of(self, tenant: Tenant) -> Mapping[str, RemoteTool]:
        """By name. They are made anew only where the tenant's have changed, whichever process changed them."""
        with self._database.tenant(tenant.context) as session:
            connection = session.connection()
            version = _version(connection, tenant.context)
            with self._lock:
                kept = self._made.get(tenant.tenant_id)
            if kept is not None and kept[0] == version:
                return kept[1]
            rows = _rows(connection, tenant.context)
        tools = {each.name: tool for each in rows if (tool := self._make(tenant, each)) is not None}
        with self._lock:
            self._made[tenant.tenant_id] = version, tools
            self._made.move_to_end(tenant.tenant_id)
            while len(self._made) > _TENANTS_KEPT:
                self._made.popitem(last=False)
        return tools

    def list(self, tenant: TenantContext) -> tuple[AddedTool, ...]:
        """By name."""
        with self._database.tenant(tenant) as session:
            return _rows(session.connection(), tenant)

    def add(self, tenant: TenantContext, origin: str, tools: Sequence[NewTool]) -> tuple[str, ...]:
        """Adds all of them, or none; one of the same name and origin is replaced. The names.

        Raises InvalidInput for a name that is none, or a declaration that makes no tool, Conflict for a name that
        another origin's tool has, or a built-in one, and for more tools than a tenant may have.
        """
        storable(origin, "origin")
        taken = self._taken()
        for each in tools:
            if not re.fullmatch(TOOL_NAME, each.name):
                raise InvalidInput(
                    f"name {each.name[:80]!r}: small letters, digits and _ are allowed, up to 64", field="name"
                )
            if each.name in taken:
                raise Conflict(f"a built-in tool is called {each.name!r}: a prefix tells them apart", field="name")
            self._makers[each.source](each.name, each.declaration)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            for each in tools:
                _put(connection, tenant, origin, each)
            count = connection.execute(
                select(func.count()).select_from(_TOOLS).where(_TOOLS.c.tenant_id == tenant.tenant_id)
            ).scalar_one()
            if count > MOST_TOOLS:
                raise Conflict(f"the tenant would have {count} added tools: at most {MOST_TOOLS} are allowed")
            names = tuple(sorted(each.name for each in tools))
            record_action(session, tenant.tenant_id, "tools.added", {"origin": origin, "tools": list(names)})
        return names

    def remove(self, tenant: TenantContext, *, names: Sequence[str] = (), origin: str | None = None) -> tuple[str, ...]:
        """All those named, and all of the origin; their names. Calls that were made stay on record. Raises NotFound
        where one is none, InvalidInput where nothing is named."""
        if not names and origin is None:
            raise InvalidInput("name the tools to remove, or their origin", field="name")
        meant = _TOOLS.c.name.in_(names) if origin is None else _TOOLS.c.name.in_(names) | (_TOOLS.c.origin == origin)
        with self._database.tenant(tenant) as session:
            connection = session.connection()
            there = ", ".join(each.name for each in _rows(connection, tenant)) or "none"
            gone = delete(_TOOLS).where(_TOOLS.c.tenant_id == tenant.tenant_id, meant).returning(_TOOLS.c.name)
            removed = sorted(connection.execute(gone).scalars())
            missing = sorted(set(names) - set(removed))
            if missing or not removed:
                raise NotFound(f"no added tool is called {', '.join(missing) or origin!r}: there are {there}")
            record_action(session, tenant.tenant_id, "tools.removed", {"tools": removed})
        return tuple(removed)

    def _make(self, tenant: Tenant, added: AddedTool) -> RemoteTool | None:
        """None for what an earlier version of the helpdesk kept in a form that is not read any more."""
        try:
            return self._makers[added.source](added.name, added.declaration)
        except (InvalidInput, KeyError) as error:
            _log.warning("the tool %s of %s is left out: import it anew (%s)", added.name, tenant.domain, error)
            return None


def _version(connection: Connection, tenant: TenantContext) -> object:
    """Another one after each change."""
    moments = func.sum(func.extract("epoch", _TOOLS.c.added_at))
    query = select(func.count(), moments).where(_TOOLS.c.tenant_id == tenant.tenant_id)
    return tuple(connection.execute(query).one())


def _put(connection: Connection, tenant: TenantContext, origin: str, new: NewTool) -> None:
    values = {
        "tenant_id": tenant.tenant_id,
        "name": new.name,
        "source": new.source,
        "origin": origin,
        "declaration": dict(new.declaration),
        "added_at": func.clock_timestamp(),
    }
    same = insert(_TOOLS).values(values).on_conflict_do_update(
        index_elements=["tenant_id", "name"],
        set_={name: values[name] for name in ("source", "declaration", "added_at")},
        where=_TOOLS.c.origin == origin,
    )  # fmt: skip
    if connection.execute(same.returning(_TOOLS.c.name)).one_or_none() is None:
        raise Conflict(f"the tool {new.name!r} comes from elsewhere already: a prefix tells them apart", field="name")


def _rows(connection: Connection, tenant: TenantContext) -> tuple[AddedTool, ...]:
    query = select(_TOOLS).where(_TOOLS.c.tenant_id == tenant.tenant_id).order_by(_TOOLS.c.name)
    return tuple(_added(row) for row in connection.execute(query))


def _added(row: Row[Any]) -> AddedTool:
    return AddedTool(row.name, cast(AddedSource, row.source), row.origin, row.added_at, row.declaration)
