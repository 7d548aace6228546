"""Facts of a million messages: `python -m tests.benchmarks.bench_analytics [--conversations 150000] [--threads 2]`.

An embedded PostgreSQL with a year of one tenant's conversations (seven messages each), told to the warehouse:
everything at first, then after 1,000 messages more, then with nothing new. CPU seconds, of this process and of
PostgreSQL, tell a busy machine from slow code. Then the queries of the dashboards over these facts, where there are
any, by several at once: asked are 30 s for everything and 300 ms at the 95th percentile. At last, what following
changes costs whoever writes: a turn's rows, with and without the indexes and triggers that it takes.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np
import psutil
import psycopg
from rich.console import Console
from rich.table import Table

from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.addresses import DatabaseAddresses
from components.database.provision import provision
from components.database.session import Database
from components.helpdesk.reports.fact_status import read_status
from components.helpdesk.reports.refreshing import FactRefresh, RefreshReport
from components.helpdesk.tenants import TenantRegistry
from components.warehouse.warehouse import Warehouse
from tests.benchmarks.analytics_world import fill, more_messages, write_turns

Owner = psycopg.Connection[tuple[object, ...]]
Query = Callable[[Any, Any], object]
ASKED_MILLISECONDS = 300.0
REPEATS, TURNS = 20, 2000
LAST_DAY = date(2026, 11, 30)


class Timer:
    """Wall and CPU seconds of what happens within. backends: processes of PostgreSQL."""

    def __init__(self, postmaster: psutil.Process) -> None:
        self._postmaster = postmaster
        self.rows: list[tuple[str, ...]] = []

    def refresh(self, name: str, work: Callable[[], RefreshReport]) -> None:
        began, own, theirs = perf_counter(), process_time(), self._backends()
        report = work()
        spent = perf_counter() - began, process_time() - own, self._backends() - theirs
        figures = (f"{sum(report.rows.values()):,}", str(report.month_count), *(f"{each:.2f}" for each in spent))
        self.rows.append((name, *figures))

    def _backends(self) -> float:
        return sum(sum(child.cpu_times()[:2]) for child in self._postmaster.children())


@contextmanager
def opened(folder: Path) -> Iterator[tuple[DatabaseAddresses, Database, Tenant]]:
    addresses = provision(Settings.model_validate({"data_dir": folder}))
    database = Database(addresses.app, addresses.operator)
    try:
        registry = TenantRegistry(database, folder)
        config = {"handover": {"time_zone": "Europe/Vienna"}}
        yield addresses, database, registry.create("Bench", "bench.example", config)
    finally:
        database.dispose()
        addresses.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conversations", type=int, default=150_000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    console = Console(width=120)
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL's own account has to get to its part.
        with opened(folder) as (addresses, database, tenant):
            assert addresses.server is not None
            with psycopg.connect(addresses.server.url, autocommit=True) as owner:
                began = perf_counter()
                fill(owner, tenant.tenant_id, options.conversations)
                console.print(f"filled in {perf_counter() - began:.0f} s")
                warehouse = Warehouse(folder)
                print_refreshes(console, owner, FactRefresh(database, warehouse), tenant)
                status = read_status(warehouse, tenant.context, datetime.now(UTC))
                count = sum(each.rows for each in status.datasets)
                console.print(f"{count:,} rows in {status.size_bytes / 1e6:.0f} MB")
                print_queries(console, warehouse, tenant, options.threads)
                print_turns(console, owner, tenant)
    console.print(
        f"load of the machine: {', '.join(f'{each:.1f}' for each in os.getloadavg())}; {os.cpu_count()} cores"
    )


def print_refreshes(console: Console, owner: Owner, refresh: FactRefresh, tenant: Tenant) -> None:
    postmaster = psutil.Process(owner.info.backend_pid).parent()
    assert postmaster is not None
    refresh.is_due(tenant)  # Its connection is open, so that its process is counted from the beginning.
    timer = Timer(postmaster)
    timer.refresh("everything", lambda: refresh.refresh(tenant))
    more_messages(owner, tenant.tenant_id, 1000)
    timer.refresh("after 1,000 messages more", lambda: refresh.refresh(tenant))
    timer.refresh("nothing new", lambda: refresh.refresh(tenant))
    print_table(console, ("refresh", "rows", "months", "s", "CPU s", "PostgreSQL CPU s"), timer.rows)


def print_queries(console: Console, warehouse: Warehouse, tenant: Tenant, threads: int) -> None:
    """Each on a reader of its own, as a page has it, over the whole year."""
    try:
        asked = importlib.import_module("components.helpdesk.reports.dashboard_queries").DASHBOARD_QUERIES
    except ModuleNotFoundError:
        console.print("no queries of dashboards are declared yet")
        return
    reports = importlib.import_module("components.helpdesk.reports.reports").Reports(warehouse)
    filters = importlib.import_module("components.helpdesk.reports.filters").last_days(LAST_DAY, 365)

    def timed(query: Query) -> float:
        began = perf_counter()
        with reports.open([tenant]) as reader:
            query(reader, filters)
        return 1000 * (perf_counter() - began)

    rows = []
    for name, query in asked.items():
        timed(query)
        with ThreadPoolExecutor(threads) as pool:
            spent = list(pool.map(timed, [query] * REPEATS))
        p50, p95 = np.percentile(spent, [50, 95])
        rows.append((name, f"{p50:.0f}", f"{p95:.0f}", "" if p95 < ASKED_MILLISECONDS else "too slow"))
    reports.close()
    print_table(console, ("query", "p50 ms", "p95 ms", ""), rows)


def print_turns(console: Console, owner: Owner, tenant: Tenant) -> None:
    spent: dict[bool, list[float]] = {True: [], False: []}
    for followed in (True, False) * 3:
        spent[followed].append(1e6 / TURNS * write_turns(owner, tenant.tenant_id, TURNS, followed=followed))
    told = [f"{statistics.median(spent[followed]):.0f} µs" for followed in (True, False)]
    console.print(f"CPU of a turn's rows, within PostgreSQL: {told[0]}, and {told[1]} where changes are not followed")


def print_table(console: Console, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*row)
    console.print(table)


if __name__ == "__main__":
    main()
