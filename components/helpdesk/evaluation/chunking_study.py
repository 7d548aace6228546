"""How long passages should be, and how lists should be fused: every choice measured on the same questions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from components.core.documents import Chunk, Document
from components.core.embeddings import Embedder
from components.core.errors import InvalidInput
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.evaluation.benchmark import THROWAWAY
from components.helpdesk.evaluation.intervals import Interval, mean
from components.helpdesk.evaluation.metrics import ndcg
from components.helpdesk.evaluation.run import PASSAGES
from components.knowledge.chunking import chunk
from components.knowledge.indexing import index_chunks
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.tenant_index import TenantIndex

SHOWN = 6  # Passages that an answer is made from.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class StudiedChoice:
    """One length of passages with one pipeline.

    tokens: longest passage asked for. passages: in the index. read: tokens of the six passages that an answer is made
    from, on average. ndcg_at_10: over the answerable questions; scores: of each of them. milliseconds: of a question,
    half take less.
    """

    tokens: int
    pipeline: str
    passages: int
    read: float
    ndcg_at_10: Interval
    milliseconds: float
    scores: Mapping[str, float]

    @property
    def name(self) -> str:
        return f"{self.tokens} tokens, {self.pipeline}"


def study_chunking(
    documents: Sequence[Document],
    questions: EvaluationSet,
    embedder: Embedder,
    *,
    lengths: Sequence[int],
    pipelines: Sequence[str],
    overlap: int = 32,
    on_progress: Progress | None = None,
) -> tuple[StudiedChoice, ...]:
    """Cuts and embeds the documents once a length, in a throwaway index, and asks each pipeline all the questions.

    lengths: longest passage in tokens; what the embedder does not read whole is lowered to what it does. Raises
    InvalidInput without a document, length, pipeline or answerable question, and InvalidPipeline.
    """
    _require({"documents": documents, "lengths": lengths, "pipelines": pipelines, "questions": questions.answerable})
    progress = on_progress or (lambda _stage, _done, _total: None)
    wanted = list(dict.fromkeys(min(length, embedder.identity.max_tokens) for length in lengths))
    studied: list[StudiedChoice] = []
    for length in wanted:
        chunks = {
            piece.chunk_id: piece
            for document in documents
            for piece in chunk(document, token_spans=embedder.token_spans, max_tokens=length, overlap=overlap)
        }
        with TemporaryDirectory(prefix="helpdesk-study-") as root:
            index = TenantIndex.open(Path(root), THROWAWAY, embedder.identity)
            index_chunks(chunks, lambda ids, known=chunks: [known[each] for each in ids], index, embedder)  # type: ignore[misc]
            for pipeline in pipelines:
                bound = RetrievalPipeline(pipeline, Bindings(index.latest(), embedder))
                studied.append(_ask(bound, questions, length, chunks, embedder))
                progress("choices", len(studied), len(wanted) * len(pipelines))
    return tuple(studied)


def differences(studied: Sequence[StudiedChoice], reference: StudiedChoice) -> dict[str, Interval]:
    """nDCG@10 of each choice less that of the reference, question by question: more than chance where the interval
    leaves 0 out."""
    compared = {}
    for choice in studied:
        pairs = [score - reference.scores[query] for query, score in choice.scores.items()]
        difference = mean(pairs)
        if choice is not reference and difference is not None:
            compared[choice.name] = difference
    return compared


def _ask(
    pipeline: RetrievalPipeline,
    questions: EvaluationSet,
    length: int,
    chunks: Mapping[str, Chunk],
    embedder: Embedder,
) -> StudiedChoice:
    scores: dict[str, float] = {}
    read: list[int] = []
    seconds: list[float] = []
    for query in questions.answerable:
        question = questions.queries[query]
        # Remembered from choice to choice: no choice shall seem slow for having come first.
        embedder.embed_query(question)
        started = perf_counter()
        found = pipeline.retrieve(question, top_k=PASSAGES).passages
        seconds.append(perf_counter() - started)
        ranking = list(dict.fromkeys(passage.document_id for passage in found))
        scores[query] = ndcg(ranking, questions.qrels[query])
        read.append(sum(chunks[passage.chunk_id].tokens for passage in found[:SHOWN]))
    interval = mean(list(scores.values()))
    assert interval is not None  # There is an answerable question.
    milliseconds = float(np.median(seconds)) * 1000
    return StudiedChoice(length, pipeline.name, len(chunks), float(np.mean(read)), interval, milliseconds, scores)


def _require(given: Mapping[str, Sequence[object]]) -> None:
    for name, values in given.items():
        if not values:
            missing = "answerable question in the evaluation set" if name == "questions" else f"value in {name}"
            raise InvalidInput(f"the study needs at least one {missing}", field=name)
