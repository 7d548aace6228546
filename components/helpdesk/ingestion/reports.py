"""What each stage of ingestion did, as the knowledge manager sees it."""

from __future__ import annotations

from dataclasses import dataclass

from components.core.documents import DocumentProblem
from components.helpdesk.evaluation.gate import Judgement
from components.helpdesk.evaluation.metrics import RetrievalMetrics


@dataclass(frozen=True)
class CollectReport:
    """Documents as the sources hold them, against those of the last run. `size_bytes` is of all of them."""

    added: int
    changed: int
    removed: int
    unchanged: int
    size_bytes: int
    problems: tuple[DocumentProblem, ...]
    seconds: float


@dataclass(frozen=True)
class ParseReport:
    """`problems` are all that stand, not only new ones. `preview`: Markdown of one parsed document."""

    parsed: int
    removed: int
    unchanged: int
    problems: tuple[DocumentProblem, ...]
    seconds: float
    preview: str


@dataclass(frozen=True)
class ChunkReport:
    """`documents` counts those cut anew; `chunks` and `tokens` count all that the tenant has now."""

    documents: int
    chunks: int
    added: int
    removed: int
    tokens: int
    seconds: float
    preview: str


@dataclass(frozen=True)
class EvaluationSetReport:
    """A set of questions as stored."""

    name: str
    version: str
    queries: int
    answerable: int
    unanswerable: int


@dataclass(frozen=True)
class EvaluationReport:
    """How the candidate index does, beside the one that serves.

    metrics and baseline are None where the tenant has no evaluation set, baseline also where nothing
    serves yet. coverage and error: of `threshold`, None where there was too little to learn it from.
    acceptable: whether the candidate may be promoted; `reason` says why or why not. judgement: against what serves,
    question by question. missing: documents that the set names and the tenant does not have.
    """

    index_version: int
    set_name: str | None
    set_version: str | None
    metrics: RetrievalMetrics | None
    baseline: RetrievalMetrics | None
    threshold: float
    coverage: float | None
    error: float | None
    acceptable: bool
    reason: str
    judgement: Judgement | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromotionReport:
    """The version that serves now, and the one that did before."""

    index_version: int
    previous: int | None
