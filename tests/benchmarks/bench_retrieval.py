"""The whole retrieval pipeline by index size, as `/rag/query` runs it: `python -m tests.benchmarks.bench_retrieval`.

The index is bench_vectors' synthetic one. `without embedding` gives the pipeline a question's vectors at no cost
(384 dimensions, 12 token vectors); `with embedding` runs the bundled model on an eight-word question beside it.
One process a size, so that the resident memory is that size's own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from itertools import cycle
from pathlib import Path
from time import perf_counter

import numpy as np
import psutil
from rich.console import Console
from rich.table import Table

from components.core.embeddings import EmbeddedText, ModelIdentity
from components.core.settings import quiet_third_parties
from tests.benchmarks.bench_vectors import DIMENSIONS, IDENTITY, build, near, unit

WARMUP, QUERIES, QUESTION_TOKENS = 20, 200, 12


class GivenVectors:
    """An embedder whose question vectors are there already: what is timed is retrieval alone."""

    identity: ModelIdentity = IDENTITY

    def __init__(self, questions: dict[str, EmbeddedText]) -> None:
        self._questions = questions

    def embed_query(self, text: str) -> EmbeddedText:
        return self._questions[text]

    def embed_passages(self, texts: list[str]) -> list[EmbeddedText]:
        return [self._questions[text] for text in texts]

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


class AlsoEmbeds(GivenVectors):
    """The same, after the bundled model has embedded the question too: its time is added, its vectors are not used."""

    def __init__(self, questions: dict[str, EmbeddedText]) -> None:
        from components.models.embedder_factory import load_embedder

        super().__init__(questions)
        self._bundled = load_embedder("bundled", cache_dir=Path(tempfile.gettempdir()), threads=2)

    def embed_query(self, text: str) -> EmbeddedText:
        self._bundled.embed_query("how long does the refund of my order take")
        return super().embed_query(text)


def measure(rows: int) -> dict[str, float]:
    """Milliseconds and megabytes for one size, in this process."""
    quiet_third_parties()
    from components.retrieval.loading import Bindings
    from components.retrieval.pipeline import RetrievalPipeline

    generator = np.random.default_rng(rows)
    centres = unit(np.random.default_rng(0).standard_normal((max(8, rows // 50), DIMENSIONS)))
    tokens = unit(generator.standard_normal((4000, DIMENSIONS)))
    texts = [" ".join(f"w{rank:x}q" for rank in generator.integers(10, 3000, 8)) for _ in range(WARMUP + QUERIES)]
    pieces = tuple(f"p{number}" for number in range(QUESTION_TOKENS))
    questions = {
        text: EmbeddedText(vector, tokens[generator.integers(0, len(tokens), QUESTION_TOKENS)], pieces)
        for text, vector in zip(texts, near(generator, centres, len(texts)), strict=True)
    }
    figures: dict[str, float] = {"rows": rows}
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        # Built by another process: what building takes must not count as what serving takes.
        subprocess.run([sys.executable, "-m", __spec__.name, "--build", str(rows), "--data", root], check=True)
        from uuid import UUID

        from components.core.tenant import TenantContext
        from components.vectors.tenant_index import TenantIndex

        snapshot = TenantIndex.open(folder, TenantContext(UUID(int=rows)), IDENTITY).served()
        assert snapshot is not None
        for name, embedder in (("without", GivenVectors(questions)), ("with", AlsoEmbeds(questions))):
            pipeline = RetrievalPipeline("hybrid", Bindings(snapshot, embedder))
            asked, milliseconds = cycle(texts), []
            for number in range(WARMUP + QUERIES):
                text, started = next(asked), perf_counter()
                pipeline.retrieve(text, top_k=10)
                if number >= WARMUP:
                    milliseconds.append(1000 * (perf_counter() - started))
            figures[f"{name}_p50"], figures[f"{name}_p95"] = np.percentile(milliseconds, [50, 95])
        figures["resident_mb"] = psutil.Process().memory_info().rss / 2**20
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--build", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.build:
        centres = unit(np.random.default_rng(0).standard_normal((max(8, arguments.build // 50), DIMENSIONS)))
        build(arguments.data, arguments.build, centres)
        return
    if arguments.one:
        print(json.dumps(measure(arguments.one)))
        return
    table = Table(title="hybrid retrieval, one question at a time, p50 / p95 in ms")
    for head in ("chunks", "without embedding", "with embedding", "resident MB"):
        table.add_column(head, justify="right")
    for rows in arguments.rows:
        done = subprocess.run(
            [sys.executable, "-m", __spec__.name, "--one", str(rows)], stdout=subprocess.PIPE, text=True, check=True
        )
        found = json.loads(done.stdout.splitlines()[-1])
        table.add_row(
            f"{rows:,}",
            f"{found['without_p50']:.1f} / {found['without_p95']:.1f}",
            f"{found['with_p50']:.1f} / {found['with_p95']:.1f}",
            f"{found['resident_mb']:.0f}",
        )
    Console().print(table)


if __name__ == "__main__":
    main()
