"""How fast a tenant's index answers, by size: `python tests/benchmarks/bench_vectors.py --rows 1000 20000 100000`.

Vectors are 384-dimensional and clustered, text is 120 words drawn by Zipf's law, token vectors are
150 a passage: what retrieval meets, without a model. Queries are not repeated. Vector, text and
candidates are timed alone and in sequence, as retrieval runs them; CPU time tells a busy machine from slow code.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from time import perf_counter, process_time
from uuid import UUID

import numpy as np
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from components.core.answers import Passage
from components.core.documents import Chunk
from components.core.embeddings import EmbeddedText, ModelIdentity
from components.core.tenant import TenantContext
from components.vectors.schema import IndexRow
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

DIMENSIONS, WORDS, TOKENS, VOCABULARY = 384, 120, 150, 50_000
IDENTITY = ModelIdentity("synthetic", "0" * 64, DIMENSIONS, 256, has_tokens=True)
CANDIDATES, TAKEN, WARMUP, QUERIES, BATCH = 30, 50, 20, 200, 512
Question = tuple[np.ndarray, str]


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def sentences(generator: np.random.Generator, count: int, words: int) -> list[str]:
    ranks = np.minimum(generator.zipf(1.15, (count, words)) - 1, VOCABULARY - 1)
    return [" ".join(f"w{rank:x}q" for rank in line) for line in ranks]


def near(generator: np.random.Generator, centres: np.ndarray, count: int) -> np.ndarray:
    noise = 0.03 * generator.standard_normal((count, DIMENSIONS))
    return unit(centres[generator.integers(0, len(centres), count)] + noise)


def batches(rows: int, centres: np.ndarray) -> Iterator[list[IndexRow]]:
    """Token vectors are drawn from one pool, so that making the data costs less than indexing it."""
    generator = np.random.default_rng(1)
    pool = unit(generator.standard_normal((5000, 64)) @ generator.standard_normal((64, DIMENSIONS)))
    pieces = tuple(f"p{number}" for number in range(TOKENS))
    for start in range(0, rows, BATCH):
        count = min(BATCH, rows - start)
        texts, vectors = sentences(generator, count, WORDS), near(generator, centres, count)
        yield [
            (
                Chunk(f"{start + n:032x}", f"docs/{(start + n) // 10}.md", "A title", ("A", "B"), texts[n], n, TOKENS),
                EmbeddedText(vectors[n], pool[generator.integers(0, len(pool), TOKENS)], pieces),
            )
            for n in range(count)
        ]


def build(root: Path, rows: int, centres: np.ndarray) -> tuple[TenantIndex, float, float]:
    index = TenantIndex.open(root, TenantContext(UUID(int=rows)), IDENTITY)
    written = 0.0
    for batch in batches(rows, centres):
        started = perf_counter()
        index.write(batch)
        written += perf_counter() - started
    started = perf_counter()
    index.maintain()
    index.promote(index.version)
    return index, written, perf_counter() - started


def candidates(snapshot: IndexSnapshot, *lists: list[Passage]) -> None:
    taken = list(dict.fromkeys(passage.chunk_id for pair in zip(*lists, strict=False) for passage in pair))[:TAKEN]
    snapshot.vectors(taken)
    snapshot.token_vectors(taken)


def in_sequence(snapshot: IndexSnapshot, question: Question) -> None:
    by_vector = snapshot.search_vector(question[0], CANDIDATES)
    candidates(snapshot, by_vector, snapshot.search_text(question[1], CANDIDATES))


def together(snapshot: IndexSnapshot, question: Question) -> None:
    candidates(snapshot, *snapshot.search(*question, CANDIDATES))


def timed(work: Callable[[Question], object], questions: Iterator[Question]) -> str:
    for _ in range(WARMUP):
        work(next(questions))
    milliseconds, cpu = [], process_time()
    for _ in range(QUERIES):
        question, started = next(questions), perf_counter()
        work(question)
        milliseconds.append(1000 * (perf_counter() - started))
    p50, p95 = np.percentile(milliseconds, [50, 95])
    return f"{p50:.1f} / {p95:.1f} ({1000 * (process_time() - cpu) / QUERIES:.1f})"


def recall(snapshot: IndexSnapshot, questions: list[Question]) -> float:
    """Share of the exact ten nearest that search_vector finds."""
    rows = snapshot.rows(["chunk_id", "vector"])
    ids = np.array(rows.column("chunk_id").to_pylist())
    matrix = rows.column("vector").combine_chunks().flatten().to_numpy().reshape(-1, DIMENSIONS)
    hits = [
        len(
            set(ids[np.argpartition(-(matrix @ vector), 10)[:10]])
            & {p.chunk_id for p in snapshot.search_vector(vector, 10)}
        )
        for vector, _ in questions[:50]
    ]
    return float(np.mean(hits)) / 10


def measure(root: Path, rows: int) -> list[str]:
    generator = np.random.default_rng(rows)
    centres = unit(np.random.default_rng(0).standard_normal((max(8, rows // 50), DIMENSIONS)))
    index, written, maintained = build(root, rows, centres)
    texts = [" ".join(f"w{rank:x}q" for rank in generator.integers(10, 3000, 8)) for _ in range(6 * (WARMUP + QUERIES))]
    questions = list(zip(near(generator, centres, len(texts)), texts, strict=True))
    served, asked = index.served(), cycle(questions)
    assert served is not None
    ids = [[f"{n:032x}" for n in generator.choice(rows, TAKEN, replace=False)] for _ in range(WARMUP + QUERIES)]
    wanted = cycle(ids)
    return [
        f"{rows:,}",
        f"{written:.0f} + {maintained:.0f}",
        timed(lambda question: served.search_vector(question[0], CANDIDATES), asked),
        timed(lambda question: served.search_text(question[1], CANDIDATES), asked),
        timed(lambda _: served.token_vectors(next(wanted)), asked),
        timed(lambda question: in_sequence(served, question), asked),
        timed(lambda question: together(served, question), asked),
        f"{recall(served, questions):.3f}",
        f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 20_000, 100_000])
    parser.add_argument("--data", type=Path, help="folder to build in; none = a temporary one")
    arguments = parser.parse_args()
    table = Table(title="p50 / p95 in ms (CPU ms a query, all threads)")
    heads = ["rows", "write + maintain s", "vector 30", "text 30", "token vectors 50 by id"]
    for head in [*heads, "hybrid in sequence", "hybrid by search()", "recall@10", "peak RSS MB"]:
        table.add_column(head, justify="right")
    with tempfile.TemporaryDirectory() as temporary:
        for rows in arguments.rows:
            table.add_row(*measure(arguments.data or Path(temporary), rows))
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
