"""What the registry adds to a call: `python -m tests.benchmarks.bench_tools [--calls 1000]`.

A tool that does nothing is called through the registry, each call with its own key, stored and in its own transaction;
beside it a repeated key, a dry run, and two built-in tools. An empty transaction of the tenant's shows what PostgreSQL
takes by itself.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from rich.console import Console
from rich.table import Table
from sqlalchemy import text
from sqlalchemy.orm import Session

from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.provision import provision
from components.database.session import Database
from components.database.tables import TenantRow
from components.helpdesk.shop import import_shop
from components.helpdesk.shop_file import read_shop
from components.tools.built_in.lookup_order import LookupOrder
from components.tools.built_in.query_database import QueryDatabase
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller, ToolOutcome, ToolSpec, ToolUse

SHOP = Path(__file__).parents[2] / "deploy" / "demo" / "northtrail" / "shop.yaml"
FREE = {"per_minute": 100_000}
CONFIG = {"tools": {"nothing": FREE, "lookup_order": FREE, "query_database": FREE}}
WARMUP = 50


class Nothing:
    """Keeps components.tools.tool.LocalTool."""

    spec = ToolSpec(
        "nothing",
        "Does nothing.",
        {"type": "object", "properties": {"note": {"type": "string"}}, "additionalProperties": False},
        {"type": "object"},
        "write",
        permitted=True,
    )

    def price(self, session: Session, use: ToolUse) -> Decimal | None:
        return None

    def act(self, session: Session, use: ToolUse) -> ToolOutcome:
        return ToolOutcome({"done": True})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    calls = parser.parse_args().calls
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as data_dir:
        Path(data_dir).chmod(0o755)
        addresses = provision(Settings(data_dir=Path(data_dir), database_url=None))
        database = Database(addresses.app, addresses.operator)
        try:
            measure(database, calls)
        finally:
            database.dispose()
            addresses.close()


def measure(database: Database, calls: int) -> None:
    tenant_id = uuid4()
    tenant = Tenant(tenant_id, "Shop", f"{tenant_id.hex}.example", CONFIG)
    with database.operator() as session:
        session.add(TenantRow(tenant_id=tenant_id, name="Shop", domain=tenant.domain, config_json=CONFIG))
    import_shop(database, tenant.context, read_shop(SHOP))
    registry = ToolRegistry(database, [Nothing(), LookupOrder(), QueryDatabase(database)])

    def invoke(tool: str, key: str | None = None, dry_run: bool = False, **arguments: object) -> None:
        registry.invoke(tenant, tool, arguments, Caller("api"), key=key or uuid4().hex, dry_run=dry_run)

    def empty() -> None:
        with database.tenant(tenant.context) as session:
            session.execute(text("SELECT 1"))

    table = Table("call", "p50 ms", "p95 ms", "p99 ms")
    for name, call in (
        ("an empty transaction", empty),
        ("a tool that does nothing", lambda: invoke("nothing", note="x")),
        ("the same key again", lambda: invoke("nothing", "same", note="x")),
        ("a dry run of it", lambda: invoke("nothing", dry_run=True, note="x")),
        ("lookup_order", lambda: invoke("lookup_order", order_number="NT-20418873")),
        ("query_database", lambda: invoke("query_database", view="report_orders")),
    ):
        table.add_row(name, *(f"{each * 1000:.1f}" for each in percentiles(call, calls)))
    Console(width=100).print(table)


def percentiles(call: Callable[[], None], calls: int) -> tuple[float, float, float]:
    """Seconds: median, 95th and 99th of a hundred."""
    for _ in range(WARMUP):
        call()
    taken = []
    for _ in range(calls):
        started = perf_counter()
        call()
        taken.append(perf_counter() - started)
    taken.sort()
    return taken[len(taken) // 2], taken[int(len(taken) * 0.95)], taken[int(len(taken) * 0.99)]


if __name__ == "__main__":
    main()
