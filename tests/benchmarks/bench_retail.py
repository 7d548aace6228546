"""How many tasks of tau2-bench's retail domain end in the expected state, when every call that they expect is made
through the registry: `python -m tests.benchmarks.bench_retail [--data FOLDER]`.

The expected state is worked out on the JSON, field by field, by tests/tools/retail/retail_expected.py, without our
tools. After each task the rows of its customer are compared, and after all of them everybody's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from rich.console import Console
from rich.table import Table

from components.core.settings import Settings
from components.core.tenant import Tenant
from components.database.provision import provision
from components.database.session import Database
from components.database.tables import TenantRow
from components.tools.registry import ToolRegistry
from components.tools.tool import Caller
from tests.tools.retail.retail_data import Retail, find_folder, load, read_all, read_cut
from tests.tools.retail.retail_replay import Replayed, registry_call, replay, strays
from tests.tools.retail.retail_tools import retail_tools

out = Console(width=160)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=find_folder(), help="folder with retail_db.json")
    folder = parser.parse_args().data
    retail = read_all(folder) if folder else read_cut()
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as data_dir:
        Path(data_dir).chmod(0o755)
        addresses = provision(Settings(data_dir=Path(data_dir), database_url=None))
        database = Database(addresses.app, addresses.operator)
        try:
            started = perf_counter()
            replayed, stray = replay_all(database, retail)
            report(replayed, stray, perf_counter() - started)
        finally:
            database.dispose()
            addresses.close()


def replay_all(database: Database, retail: Retail) -> tuple[list[Replayed], int]:
    """Each task, and how many rows were changed that no task was about."""
    tenant_id = uuid4()
    tenant = Tenant(tenant_id, "Retail", f"{tenant_id.hex}.example", {})
    with database.operator() as session:
        session.add(TenantRow(tenant_id=tenant_id, name="Retail", domain=tenant.domain, config_json={}))
    load(database, tenant, retail.database)
    call = registry_call(ToolRegistry(database, retail_tools()), tenant, Caller("orchestrator"))
    replayed = [replay(database, tenant, retail, task, call) for task in retail.tasks]
    return replayed, len(strays(database, tenant, retail))


def report(replayed: list[Replayed], stray: int, seconds: float) -> None:
    calls = Counter(action.name for each in replayed for action in each.task.actions)
    refused = Counter(name for each in replayed for name, _ in each.refused)
    table = Table("tool", "calls", "refused")
    for name, count in calls.most_common():
        table.add_row(name, str(count), str(refused[name]))
    out.print(table)
    for each in replayed:
        for name, why in each.refused:
            out.print(f"task {each.task.task_id}: {name} was refused: {why}", markup=False)
        if each.wrong:
            out.print(f"task {each.task.task_id}: not as expected: {each.wrong}", markup=False)
    tasks, good = len(replayed), sum(each.as_expected for each in replayed)
    writes = sum(any(_writes(action.name) for action in each.task.actions) for each in replayed)
    forbidden = [each.task.task_id for each in replayed if each.forbidden]
    introduced = sum(each.introduced for each in replayed)
    out.print(f"{good} of {tasks} tasks end in the expected state; {writes} change something")
    out.print(f"tasks with an expected call that the policy itself forbids: {len(forbidden)} ({', '.join(forbidden)})")
    out.print(f"tasks that leave out how their customer is found, so that it was done before: {introduced}")
    out.print(f"rows of others that were changed: {stray}; {sum(calls.values())} calls in {seconds:.0f} s")


def _writes(name: str) -> bool:
    return name.startswith(("cancel_", "exchange_", "modify_", "return_"))


if __name__ == "__main__":
    main()
