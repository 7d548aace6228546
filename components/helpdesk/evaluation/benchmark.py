"""A BEIR folder through the same path as a tenant's knowledge: chunked, embedded, indexed, asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import numpy as np

from components.core.embeddings import Embedder
from components.core.errors import InvalidInput
from components.core.tenant import TenantContext
from components.helpdesk.evaluation.beir import load_corpus, load_evaluation_set
from components.helpdesk.evaluation.run import run_evaluation
from components.knowledge.chunking import chunk
from components.knowledge.indexing import index_chunks
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.tenant_index import TenantIndex

THROWAWAY = TenantContext(UUID(int=0))


@dataclass(frozen=True)
class BenchmarkReport:
    """Quality over the answerable questions, speed over all: latencies in milliseconds, one question at a
    time with its embedding; passages_per_second covers embedding and writing."""

    mode: str
    documents: int
    passages: int
    queries: int
    ndcg_at_10: float
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    mrr_at_10: float
    queries_per_second: float
    latency_ms_p50: float
    latency_ms_p95: float
    passages_per_second: float
    answerability_auroc: float | None = None
    coverage_at_90_precision: float | None = None


def evaluate_beir(
    folder: Path,
    embedder: Embedder,
    *,
    mode: str,
    pipeline: str,
    top_k: int,
    chunk_tokens: int,
    chunk_overlap: int,
    on_progress: Callable[[str, int, int], None],
) -> BenchmarkReport:
    """Raises InvalidInput where `folder` is none, InvalidEvaluationSet naming file and line."""
    if not folder.is_dir():
        raise InvalidInput(f"--beir={folder}: no such folder", field="beir")
    questions, documents = load_evaluation_set(folder), load_corpus(folder)
    limit = min(chunk_tokens, embedder.identity.max_tokens)
    chunks = {
        piece.chunk_id: piece
        for document in documents
        for piece in chunk(document, token_spans=embedder.token_spans, max_tokens=limit, overlap=chunk_overlap)
    }
    with TemporaryDirectory(prefix="helpdesk-evaluation-") as root:
        index = TenantIndex.open(Path(root), THROWAWAY, embedder.identity)
        indexed = index_chunks(
            chunks,
            lambda identifiers: [chunks[identifier] for identifier in identifiers],
            index,
            embedder,
            lambda done, total: on_progress("embedding passages", done, total),
        )
        bound = RetrievalPipeline(pipeline, Bindings(index.latest(), embedder))
        for text in list(questions.queries.values())[:5]:
            bound.retrieve(text)  # Opens files and starts threads, so that the first measured question is not special.
        run = run_evaluation(bound, questions, top_k, lambda done, total: on_progress("asking questions", done, total))
    milliseconds = np.asarray(run.seconds) * 1000
    metrics = run.metrics
    return BenchmarkReport(
        mode=mode,
        documents=len(documents),
        passages=indexed.total,
        queries=metrics.queries,
        ndcg_at_10=metrics.ndcg_at_10,
        recall_at_1=metrics.recall_at_1,
        recall_at_5=metrics.recall_at_5,
        recall_at_10=metrics.recall_at_10,
        mrr_at_10=metrics.mrr_at_10,
        queries_per_second=len(run.seconds) / sum(run.seconds),
        latency_ms_p50=float(np.percentile(milliseconds, 50)),
        latency_ms_p95=float(np.percentile(milliseconds, 95)),
        passages_per_second=indexed.passages_per_second,
        answerability_auroc=metrics.answerability_auroc,
        coverage_at_90_precision=metrics.coverage_at_90_precision,
    )
