"""How many tasks of tau2-bench's retail domain end in the expected state, when every call that they expect is made
through `POST /tools/{name}/invoke` of a real server: `python -m tests.benchmarks.bench_retail [--data FOLDER]`.

The expected state is worked out on the JSON, field by field, by tests/tools/retail/retail_expected.py, without our
tools. After each task the rows of its customer are compared, and after all of them everybody's.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

import httpx
from rich.console import Console
from rich.table import Table

from components.bootstrap import Workbench, build_workbench
from components.core.settings import Settings
from components.database.provision import provision
from tests.apps_api.apps_api_serving import running
from tests.tools.retail.retail_data import Retail, find_folder, load, read_all, read_cut
from tests.tools.retail.retail_replay import Replayed, http_call, replay, strays
from tests.tools.retail.retail_tools import retail_tools

out = Console(width=160)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=find_folder(), help="folder with retail_db.json")
    folder = parser.parse_args().data
    retail = read_all(folder) if folder else read_cut()
    with tempfile.TemporaryDirectory(prefix="helpdesk-") as data_dir:
        Path(data_dir).chmod(0o755)
        settings = Settings(data_dir=Path(data_dir), database_url=None)
        addresses = provision(settings)
        workbench = build_workbench(settings, addresses)
        try:
            started = perf_counter()
            replayed, stray = replay_all(workbench, retail)
            report(replayed, stray, perf_counter() - started)
        finally:
            workbench.close()
            addresses.close()


def replay_all(workbench: Workbench, retail: Retail) -> tuple[list[Replayed], int]:
    """Each task, and how many rows were changed that no task was about."""
    database = workbench.database
    for tool in retail_tools():
        workbench.actions.tools.add(tool)
    tenant = workbench.tenants.create("Retail", "retail.example", {})
    key = workbench.api_keys.issue(tenant.context, "benchmark").key
    load(database, tenant, retail.database)
    with running(workbench) as url, httpx.Client(base_url=url, timeout=30) as client:
        call = http_call(client, key, database, tenant)
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
