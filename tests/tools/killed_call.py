"""A process of its own that calls a tenant's added tool and is killed on the way."""

from __future__ import annotations

import json
import sys
from functools import partial
from uuid import UUID

from components.core.tenant import Tenant
from components.database.session import Database
from components.gateway.event_loop import EventLoopThread
from components.tools.added import AddedTools
from components.tools.openapi.operation_tool import operation_tool
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller


def main() -> None:
    given = json.loads(sys.stdin.read())
    database = Database(given["app"], given["operator"])
    tenant = Tenant(UUID(given["tenant_id"]), "Tenant", "tenant.example", given["config"])
    added = AddedTools(database, {"openapi": partial(operation_tool, loop=EventLoopThread())})
    ToolRegistry(database, [], added.of).invoke(
        tenant, given["tool"], given["arguments"], Caller("api"), key=given["key"], seconds=given["seconds"]
    )


if __name__ == "__main__":
    main()
