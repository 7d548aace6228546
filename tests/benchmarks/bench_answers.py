"""How often the extractive answer quotes the passage that answers: `python -m tests.benchmarks.bench_answers`.

Both demo tenants are chunked and indexed once into a cache folder, every labelled question of
`deploy/demo/<tenant>/evaluation/answers.jsonl` goes through the `hybrid` pipeline with threshold 0. An answer
hits where one citation's span holds at least half of the gold's words. The questions are split in two halves
by a hash of their id: selection is tuned on the even one and judged on the odd one.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from uuid import UUID
from zlib import crc32

import numpy as np
from rich.console import Console
from rich.table import Table

from components.core.answers import Citation, GeneratedText, GenerationRequest, Passage
from components.core.embeddings import Embedder
from components.core.generation import AnswerGenerator
from components.core.tenant import TenantContext
from components.knowledge.chunking import chunk
from components.knowledge.folder_source import FolderSource
from components.knowledge.indexing import index_chunks
from components.knowledge.parsing import parse
from components.models.embedder_factory import load_embedder
from components.models.extractive import ExtractiveGenerator
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex
from tests.benchmarks.labelled_answers import Label, holds_gold, read_labels

DEMO = Path("deploy/demo")
TENANTS = ("northtrail", "cumulo")
TOP_K = 10


@dataclass(frozen=True)
class Asked:
    """One labelled question and what came of it; `given` is whether the generator had the gold before it."""

    tenant: str
    label: Label
    text: str
    citations: tuple[Citation, ...]
    given: bool
    milliseconds: float

    @property
    def hit(self) -> bool:
        return any(
            holds_gold(self.label, each.document_id, each.quote, passage=each.passage, start=each.start)
            for each in self.citations
        )

    @property
    def half(self) -> str:
        return "held out" if crc32(f"{self.tenant}/{self.label.question_id}".encode()) % 2 else "tuned"


class TimedGenerator:
    """Keeps AnswerGenerator around another one, remembering what it was given and how long it took."""

    def __init__(self, generator: AnswerGenerator) -> None:
        self._generator = generator
        self.passages: tuple[Passage, ...] = ()
        self.milliseconds = 0.0

    @property
    def name(self) -> str:
        return self._generator.name

    def stream(self, request: GenerationRequest) -> Iterator[str | GeneratedText]:
        self.passages = request.passages
        started = perf_counter()
        yield from list(self._generator.stream(request))
        self.milliseconds = 1000 * (perf_counter() - started)


def open_tenant(tenant: str, cache: Path, embedder: Embedder, *, max_tokens: int = 500) -> IndexSnapshot:
    """The tenant's articles, indexed under `cache`; what is there already is not embedded again."""
    chunks = {
        piece.chunk_id: piece
        for raw in FolderSource("help", DEMO / tenant / "knowledge").snapshot().documents
        for piece in chunk(
            parse(raw),
            token_spans=embedder.token_spans,
            max_tokens=min(max_tokens, embedder.identity.max_tokens),
            overlap=32,
        )
    }
    index = TenantIndex.open(cache, TenantContext(UUID(int=TENANTS.index(tenant) + 1)), embedder.identity)
    if index.chunk_ids() != set(chunks):
        index_chunks(chunks, lambda identifiers: [chunks[identifier] for identifier in identifiers], index, embedder)
    return index.latest()


def ask(tenant: str, cache: Path, embedder: Embedder) -> list[Asked]:
    """Every labelled question of the tenant, answered."""
    generator = TimedGenerator(ExtractiveGenerator(embedder))
    pipeline = RetrievalPipeline("hybrid", Bindings(open_tenant(tenant, cache, embedder), embedder, generator))
    asked = []
    for label in read_labels(DEMO / tenant / "evaluation"):
        found = pipeline.answer(label.question, top_k=TOP_K, threshold=0.0, deadline=120.0)
        given = any(
            holds_gold(label, each.document_id, each.text, passage=each.text, start=0) for each in generator.passages
        )
        asked.append(Asked(tenant, label, found.text, found.citations, given, generator.milliseconds))
    return asked


def row(name: str, asked: list[Asked]) -> list[str]:
    given = [each for each in asked if each.given]
    milliseconds = [each.milliseconds for each in asked]
    return [
        name,
        str(len(asked)),
        f"{np.mean([each.hit for each in asked]):.3f}",
        f"{np.mean([each.hit for each in given]):.3f} of {len(given)}",
        f"{np.mean([len(each.text) for each in asked]):.0f}",
        f"{np.mean([len(each.citations) for each in asked]):.2f}",
        f"{np.percentile(milliseconds, 50):.0f} / {np.percentile(milliseconds, 95):.0f}",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "helpdesk-bench-answers")
    parser.add_argument("--show", choices=["none", "misses", "all"], default="none", help="print the answers as well")
    arguments = parser.parse_args()
    embedder = load_embedder("bundled", cache_dir=arguments.cache, threads=2)
    asked = [each for tenant in TENANTS for each in ask(tenant, arguments.cache, embedder)]
    table = Table(title="Extractive answers on the labelled demo questions")
    for head in ("half", "questions", "hit", "hit where given", "characters", "quotes", "ms p50 / p95"):
        table.add_column(head, justify="right")
    for half in ("tuned", "held out"):
        for tenant in TENANTS:
            table.add_row(*row(f"{tenant}, {half}", [e for e in asked if (e.tenant, e.half) == (tenant, half)]))
        table.add_row(*row(f"both, {half}", [each for each in asked if each.half == half]), end_section=True)
    console = Console(width=120, markup=False, highlight=False)
    for each in asked:
        if arguments.show == "all" or (arguments.show == "misses" and not each.hit):
            state = "hit" if each.hit else "MISS" if each.given else "NOT GIVEN"
            console.print(f"\n## {each.tenant} {each.label.question_id} [{each.half}] {state}: {each.label.question}")
            console.print(each.text)
            console.print(f"GOLD: {' | '.join(gold for _, gold in each.label.golds)}")
    console.print(table)


if __name__ == "__main__":
    main()
