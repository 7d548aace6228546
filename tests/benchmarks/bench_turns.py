"""Turns of the chat over HTTP, 50 customers at once: `python -m tests.benchmarks.bench_turns [--rasa URL]`.

`helpdesk serve` as a process of its own on an embedded PostgreSQL, with the demo tenants and their articles; no
language model, so that an answer is quoted. Every customer has a session and talks through scripts in turn: a
greeting, small talk, questions from the tenant's evaluation set, a refund from the first word to the ticket. One
message after the other; between a reply and the next message lies a think time, exponentially distributed and cut at
four times its mean. A second run has none: it shows what the server does at most, and its waiting is a queue's, not a
turn's. A turn's time is from the request to its `done`, at the customer, whose own work runs on the same cores: its
processor time is shown beside the server's.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, process_time

import aiohttp
import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from components.core.tenant import Tenant, TenantContext
from components.database.addresses import DatabaseAddresses
from components.database.session import Database
from components.helpdesk.conversations.conversations import Conversations
from tests.benchmarks.chat_customers import Run, Turn, play

ROOT = Path(__file__).resolve().parents[2]
CUSTOMERS, SECONDS, THINK, WARM = 50, 60.0, 5.0, 10.0
STARTS_WITHIN = 120.0


def measured(
    name: str, server: psutil.Process, database: int, base: str, tenants: Mapping[str, Sequence[str]],
    customers: int, seconds: float, think: float,
) -> Run:  # fmt: skip
    """One run, and what it cost. database: process id of the postmaster."""
    run = Run(name, seconds)
    before = (_cpu(server), _family_cpu(database), process_time())
    asyncio.run(play(run, base, tenants, customers, think))
    after = (_cpu(server), _family_cpu(database), process_time())
    run.server_cpu, run.database_cpu, run.own_cpu = (now - then for now, then in zip(after, before, strict=True))
    return run


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _family_cpu(postmaster: int) -> float:
    """Backends live as long as the server's pool, so that none is lost between two looks."""
    parent = psutil.Process(postmaster)
    return sum(_cpu(each) for each in (parent, *parent.children(recursive=True)))


def show(run: Run) -> None:
    table = Table(
        "turn", "turns", "errors", "first p50", "p50 ms", "p95 ms", "p99 ms",
        title=f"{run.name}: {len(run.turns) / run.seconds:.1f} turns/s; processor: server {run.server_cpu:.1f} s, "
        f"PostgreSQL {run.database_cpu:.1f} s, customers {run.own_cpu:.1f} s of {run.seconds:.0f} s",
    )  # fmt: skip
    kinds: dict[str, list[Turn]] = defaultdict(list)
    for turn in run.turns:
        kinds[turn.kind].append(turn)
    for name, turns in [*sorted(kinds.items()), ("all", run.turns)]:
        good = [turn for turn in turns if turn.code is None]
        errors = sorted({turn.code for turn in turns if turn.code})
        counted = (name, str(len(turns)), f"{len(turns) - len(good)} {', '.join(errors)}".strip())
        if not good:
            table.add_row(*counted)
            continue
        first = np.percentile([turn.first * 1000 for turn in good], 50)
        p50, p95, p99 = np.percentile([turn.whole * 1000 for turn in good], [50, 95, 99])
        table.add_row(*counted, f"{first:.0f}", f"{p50:.0f}", f"{p95:.0f}", f"{p99:.0f}")
    Console(width=130).print(table)


def show_parts(run: Run, conversations: Conversations, tenants: Mapping[str, TenantContext]) -> None:
    """Where the turns' time went, as their lineage has it."""
    spent: dict[str, list[float]] = defaultdict(list)
    for domain, sessions in run.sessions.items():
        for session in sessions:
            for message in conversations.messages(tenants[domain], session):
                if message.reply_to is None or "seconds" not in message.details.lineage:
                    continue
                lineage = message.details.lineage
                for part, seconds in lineage["seconds"].items():
                    if seconds:
                        engine = f" ({lineage.get('understanding', {}).get('engine')})" if part == "nlu" else ""
                        spent[part + engine].append(1000 * seconds)
    table = Table("part", "turns", "p50 ms", "p95 ms", "p99 ms", title=f"{run.name}: parts of turns, from the lineage")
    for part, times in sorted(spent.items()):
        table.add_row(part, str(len(times)), *(f"{each:.1f}" for each in np.percentile(times, [50, 95, 99])))
    Console(width=130).print(table)


def fill(data_dir: Path, addresses: DatabaseAddresses, rasa: str | None) -> list[Tenant]:
    """The demo tenants with their articles, and a trained NLU model."""
    from apps.cli.demo import seed_demo_tenants
    from components.bootstrap import build_registry, build_workbench
    from components.core.settings import Settings
    from components.helpdesk.ingestion.status import has_promoted
    from components.knowledge.folder_source import FolderSource

    settings = Settings.model_validate({"data_dir": data_dir, "rasa_url": rasa})
    registry = build_registry(settings, addresses)
    seed_demo_tenants(registry)
    registry.close()
    workbench = build_workbench(settings, addresses)
    try:
        tenants = workbench.tenants.list()
        for tenant in tenants:
            if not has_promoted(workbench.database, tenant.context):
                workbench.ingestion.ingest(tenant, [FolderSource("help", _demo(tenant) / "knowledge")])
            trained = workbench.nlu_models.train(tenant, rasa=False).evaluation
            engine = "rasa" if rasa else "best"
            workbench.tenants.update_config(tenant.tenant_id, {**tenant.config, "nlu": {"engine": engine}})
            print(f"{tenant.domain}: understood by {'rasa' if rasa else trained.leader}", flush=True)
        return tenants
    finally:
        workbench.close()


def questions_of(tenant: Tenant) -> list[str]:
    lines = (_demo(tenant) / "evaluation" / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["text"] for line in lines]


def _demo(tenant: Tenant) -> Path:
    return ROOT / "deploy" / "demo" / tenant.domain.split(".")[0]


@contextmanager
def serving(data_dir: Path, port: int, rasa: str | None) -> Iterator[psutil.Process]:
    """`helpdesk serve`, ready."""
    environment = {**os.environ, "HELPDESK_DATA_DIR": str(data_dir), "HELPDESK_LOG_LEVEL": "warning"}
    if rasa:
        environment["HELPDESK_RASA_URL"] = rasa
    command = [sys.executable, "-m", "apps.cli.main", "serve", "--port", str(port)]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            asyncio.run(_ready(f"http://127.0.0.1:{port}/readyz", process))
            yield psutil.Process(process.pid)
        finally:
            process.terminate()


async def _ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = monotonic() + STARTS_WITHIN
    async with aiohttp.ClientSession() as client:
        while monotonic() < until and process.poll() is None:
            try:
                async with client.get(url) as response:
                    if response.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.2)
    raise SystemExit("the server did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def main() -> None:
    from components.core.settings import Settings
    from components.database.provision import provision

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=CUSTOMERS, help="at once")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each run")
    parser.add_argument("--think", type=float, default=THINK, help="mean seconds between a reply and the next message")
    parser.add_argument("--rasa", metavar="URL", help="a Rasa server with the shared project, which is to lead")
    parser.add_argument("--data-dir", type=Path, help="keeps what was filled for the next time; none = a fresh one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-turns-") as folder:
        data_dir = arguments.data_dir or Path(folder)
        data_dir.mkdir(exist_ok=True)
        data_dir.chmod(0o711)
        addresses = provision(Settings.model_validate({"data_dir": data_dir}))
        database = Database(addresses.app, addresses.operator)
        try:
            tenants = fill(data_dir, addresses, arguments.rasa)
            asked = {tenant.domain: questions_of(tenant) for tenant in tenants}
            contexts = {tenant.domain: tenant.context for tenant in tenants}
            port = _free_port()
            base = f"http://127.0.0.1:{port}"
            with serving(data_dir, port, arguments.rasa) as server:
                postmaster = int(next(data_dir.rglob("postmaster.pid")).read_text().split()[0])
                many = arguments.customers

                def run(name: str, seconds: float, think: float) -> Run:
                    return measured(name, server, postmaster, base, asked, many, seconds, think)

                run("warm", WARM, 1.0)
                for each in (
                    run(f"{many} customers, think time {arguments.think:g} s", arguments.seconds, arguments.think),
                    run(f"{many} customers, no think time", arguments.seconds / 2, 0),
                ):
                    show(each)
                    show_parts(each, Conversations(database), contexts)
        finally:
            database.dispose()
            addresses.close()


if __name__ == "__main__":
    main()
