"""An answer from the cache, inside the API: `python -m tests.benchmarks.bench_cached_answer`.

The demo tenant's articles, its evaluation questions and the real application (authentication, PostgreSQL, Redis) in
one process, without a network between. First each question once (a miss), then again (a hit), then with Redis
stopped. What is timed is one POST /rag/query from the request to the whole response; every answer is stored.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import httpx
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from fastapi import FastAPI

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo" / "northtrail"


async def ask_all(app: FastAPI, key: str, tenant_id: str, questions: Sequence[str]) -> list[float]:
    """Milliseconds of each question, one after the other."""
    took = []
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://bench", headers=headers
    ) as client:
        for question in questions:
            started = perf_counter()
            response = await client.post(
                "/rag/query", json={"tenant_id": tenant_id, "question": question, "top_k": 10}, timeout=60
            )
            took.append((perf_counter() - started) * 1000)
            response.raise_for_status()
    return took


def measure(folder: Path, number: int) -> dict[str, list[float]]:
    """Milliseconds by what the cache said."""
    from apps.api.app import create_app
    from components.bootstrap import build_workbench
    from components.core.settings import Settings
    from components.database.provision import provision
    from components.knowledge.folder_source import FolderSource
    from components.shared_state.embedded_redis import EmbeddedRedis

    settings = Settings(data_dir=folder, database_url=None)
    addresses = provision(settings)
    redis = EmbeddedRedis(settings.data_dir / "redis")
    redis.start()
    workbench = build_workbench(settings, addresses)
    try:
        tenant = workbench.tenants.create("Bench", "bench.example")
        workbench.ingestion.ingest(tenant, [FolderSource("help", DEMO / "knowledge")])
        key = workbench.api_keys.issue(tenant.context, "bench").key
        lines = next(DEMO.rglob("queries.jsonl")).read_text().splitlines()
        questions = [json.loads(line)["text"] for line in lines][:number]
        app, tenant_id = create_app(workbench), str(tenant.tenant_id)
        asyncio.run(ask_all(app, key, tenant_id, ["Warm up, please?"]))
        figures = {}
        for name in ("miss", "hit", "Redis gone"):
            if name == "Redis gone":
                redis.release()
            figures[name] = asyncio.run(ask_all(app, key, tenant_id, questions))
        told = {each.cache_hit for each in workbench.answers.list(tenant.context, limit=3 * len(questions))}
        assert told == {True, False}
        return figures
    finally:
        workbench.close()
        redis.release()
        addresses.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=60)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="helpdesk-bench-") as folder:
        figures = measure(Path(folder), arguments.questions)
    table = Table(title="POST /rag/query inside the API, quoted answers, milliseconds")
    for head in ("cache", "questions", "p50", "p95"):
        table.add_column(head, justify="right")
    for name, took in figures.items():
        slow = statistics.quantiles(took, n=20)[-1]
        table.add_row(name, str(len(took)), f"{statistics.median(took):.1f}", f"{slow:.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
