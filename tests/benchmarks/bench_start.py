"""Seconds and memory of a fresh process until its first passages: `python -m tests.benchmarks.bench_start`.

An index of a demo tenant is built first; then new processes import, open it, load the embedder and ask one question.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from uuid import UUID

import psutil
from rich.console import Console
from rich.table import Table

TENANT = UUID(int=7)
DEMO = Path(__file__).resolve().parents[2] / "deploy" / "demo" / "northtrail" / "knowledge"


def build(root: Path) -> None:
    """The demo tenant's index, promoted."""
    from components.core.tenant import TenantContext
    from components.knowledge.chunking import chunk
    from components.knowledge.folder_source import FolderSource
    from components.knowledge.indexing import index_chunks
    from components.knowledge.parsing import parse
    from components.models.embedder_factory import load_embedder
    from components.vectors.tenant_index import TenantIndex

    embedder = load_embedder("bundled", cache_dir=root, threads=2)
    chunks = {
        piece.chunk_id: piece
        for raw in FolderSource("help", DEMO).snapshot().documents
        for piece in chunk(parse(raw), token_spans=embedder.token_spans, max_tokens=254, overlap=32)
    }
    index = TenantIndex.open(root, TenantContext(TENANT), embedder.identity)
    index_chunks(chunks, lambda ids: [chunks[key] for key in ids], index, embedder)
    index.promote(index.version)


def first_answer(root: Path) -> None:
    """In a fresh process: prints its own resident memory once the first passages are there."""
    from components.core.settings import quiet_third_parties

    quiet_third_parties()
    from components.core.tenant import TenantContext
    from components.models.embedder_factory import load_embedder
    from components.retrieval.loading import Bindings
    from components.retrieval.pipeline import RetrievalPipeline
    from components.vectors.tenant_index import TenantIndex

    embedder = load_embedder("bundled", cache_dir=root, threads=2)
    snapshot = TenantIndex.open(root, TenantContext(TENANT), embedder.identity).served()
    assert snapshot is not None
    found = RetrievalPipeline("hybrid", Bindings(snapshot, embedder)).retrieve("How long does a refund take?")
    assert found.passages
    print(json.dumps({"resident_mb": psutil.Process().memory_info().rss / 2**20}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--first-answer", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.first_answer:
        first_answer(arguments.first_answer)
        return
    table = Table(title="a fresh process to its first answer")
    for head in ("start", "seconds", "resident MB"):
        table.add_column(head, justify="right")
    with tempfile.TemporaryDirectory() as root:
        build(Path(root))
        for number in range(1, arguments.starts + 1):
            started = perf_counter()
            done = subprocess.run(
                [sys.executable, "-m", __spec__.name, "--first-answer", root],
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            seconds = perf_counter() - started
            resident = json.loads(done.stdout.splitlines()[-1])["resident_mb"]
            table.add_row(str(number), f"{seconds:.1f}", f"{resident:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
