"""The whole way in, stage by stage: what Dagster's assets and `helpdesk ingest` both call."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

from sqlalchemy import func, select

from components.core.documents import DocumentProblem
from components.core.embeddings import Embedder
from components.core.errors import ModelMismatch
from components.core.settings import Settings
from components.core.sources import KnowledgeSource
from components.core.tenant import Tenant, TenantContext
from components.database.session import Database
from components.database.tables import ChunkRow, DocumentRow
from components.helpdesk.evaluation.index_answers import IndexAnswers, IndexAnswersReport, unmeasured
from components.helpdesk.ingestion import checks
from components.helpdesk.ingestion.blobs import BlobStore
from components.helpdesk.ingestion.changes import settle_changes
from components.helpdesk.ingestion.checks import note_check
from components.helpdesk.ingestion.chunking import chunk_documents, chunk_ids, fetch_chunks
from components.helpdesk.ingestion.collecting import collect
from components.helpdesk.ingestion.evaluating import evaluate_candidate, forget_evaluations, promote_candidate
from components.helpdesk.ingestion.evaluation_sets import store_evaluation_set
from components.helpdesk.ingestion.parsing import parse_documents
from components.helpdesk.ingestion.problems import stored_problems
from components.helpdesk.ingestion.reports import (
    ChunkReport,
    CollectReport,
    EvaluationReport,
    EvaluationSetReport,
    ParseReport,
    PromotionReport,
)
from components.helpdesk.ingestion.turns import turn
from components.helpdesk.ingestion.withdrawing import withdraw_deleted
from components.helpdesk.reports.knowledge.checks import CheckResult
from components.knowledge.indexing import IndexingReport, index_chunks
from components.vectors.tenant_index import TenantIndex, delete_index

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class IngestReport:
    """Every stage's report. checks: besides those of both evaluations. answers is None where retrieval was too bad to
    ask for any, promoted where the candidate was not good enough to serve. documents: all that the tenant has now."""

    collected: CollectReport
    parsed: ParseReport
    chunked: ChunkReport
    indexed: IndexingReport
    checks: tuple[CheckResult, ...]
    evaluation_sets: tuple[EvaluationSetReport, ...]
    evaluation: EvaluationReport
    answers: IndexAnswersReport | None
    promoted: PromotionReport | None
    documents: int
    seconds: float


class Ingestion:
    """One method a stage. Each brings one thing to where it should be and may be run again at any time."""

    def __init__(
        self,
        database: Database,
        embedder: Embedder,
        settings: Settings,
        *,
        on_withdrawn: Callable[[TenantContext, Collection[str]], None] | None = None,
        index_answers: IndexAnswers | None = None,
    ) -> None:
        """on_withdrawn: hears of the chunks that serve no longer, once they do not: what was kept of them goes too.
        index_answers: measures whole answers of a candidate; without, only retrieval is measured."""
        self._database = database
        self._embedder = embedder
        self._settings = settings
        self._on_withdrawn = on_withdrawn
        self._index_answers = index_answers
        self._blobs = BlobStore(settings.data_dir)

    def collect(self, tenant: Tenant, sources: Sequence[KnowledgeSource]) -> CollectReport:
        """Raises Unavailable where a source cannot be listed; nothing is deleted then."""
        with self._turn(tenant):
            # What a run that died had brought as far as the customers is told as of then.
            with suppress(ModelMismatch):
                settle_changes(self._database, tenant.context, self.index(tenant))
            return collect(self._database, self._blobs, tenant.context, sources)

    def parse(self, tenant: Tenant, on_progress: Progress | None = None) -> ParseReport:
        """Raw documents to Markdown; what cannot be read is in the report, the others go through."""
        with self._turn(tenant):
            return parse_documents(self._database, self._blobs, tenant.context, on_progress)

    def chunk(self, tenant: Tenant, on_progress: Progress | None = None) -> ChunkReport:
        """Documents to passages that the embedder reads whole."""
        tokens, overlap = self._settings.chunk_tokens, self._settings.chunk_overlap
        with self._turn(tenant):
            return chunk_documents(self._database, self._embedder, tenant.context, tokens, overlap, on_progress)

    def embed(self, tenant: Tenant, on_progress: Progress | None = None) -> IndexingReport:
        """The candidate index: new chunks embedded, gone ones deleted. What serves stays as it is, but for
        documents that are gone: they are withdrawn from it at once."""
        context = tenant.context
        with self._turn(tenant):
            index = self.index(tenant)
            before = index.chunk_ids()
            self._withdrawn(tenant, withdraw_deleted(self._database, context, index))
            settle_changes(self._database, tenant.context, index)
            wanted = chunk_ids(self._database, context)
            report = index_chunks(
                wanted,
                lambda identifiers: fetch_chunks(self._database, context, identifiers),
                index,
                self._embedder,
                on_progress,
            )
            return replace(report, deleted=len(before.difference(wanted)))

    def load_evaluation_set(self, tenant: Tenant, folder: Path) -> EvaluationSetReport:
        """Raises InvalidEvaluationSet naming file and line."""
        return store_evaluation_set(self._database, tenant.context, folder)

    def evaluate(self, tenant: Tenant, on_progress: Progress | None = None) -> EvaluationReport:
        """Measures the candidate and learns its threshold; the check of it is kept. Raises IndexUnavailable for an
        empty first index."""
        context, pipeline = tenant.context, self._settings.pipeline
        report = evaluate_candidate(self._database, context, self.index(tenant), self._embedder, pipeline, on_progress)
        note_check(self._database, context, checks.retrieval_quality(report))
        return report

    def evaluate_answers(self, tenant: Tenant, on_progress: Progress | None = None) -> IndexAnswersReport:
        """Measures the candidate's answers, beside those of what serves; with the threshold that `evaluate` learnt. The
        check of them is kept."""
        if self._index_answers is None:
            return unmeasured("answers are not measured here")
        report = self._index_answers.evaluate(tenant.context, on_progress)
        note_check(self._database, tenant.context, checks.answer_quality(report))
        return report

    def check_documents(self, tenant: Tenant) -> CheckResult:
        """Whether each has a passage; kept."""
        return note_check(self._database, tenant.context, checks.no_empty_document(self.empty_documents(tenant)))

    def check_passages(self, tenant: Tenant) -> CheckResult:
        """Whether each of the candidate index has a document; kept. Nothing is promoted where it fails."""
        return note_check(self._database, tenant.context, checks.no_orphan_chunk(self.orphan_chunks(tenant)))

    def check_dimensions(self, tenant: Tenant) -> CheckResult:
        """Whether the candidate's vectors are of the model that reads questions; kept. Nothing is promoted where it
        fails."""
        identity = self._embedder.identity
        try:
            result = checks.dimensions_match(self.index(tenant).latest(), identity)
        except ModelMismatch as error:
            result = checks.dimensions_match(None, identity, error.message)
        return note_check(self._database, tenant.context, result)

    def promote(self, tenant: Tenant, version: int | None = None) -> PromotionReport:
        """The candidate serves from the next question on. version: the one that was evaluated, by default the
        newest. Raises NotFound for a version that is not there."""
        with self._turn(tenant):
            index = self.index(tenant)
            before = self._served_chunks(index)
            report = promote_candidate(self._database, tenant.context, index, version)
            settle_changes(self._database, tenant.context, index)
            self._withdrawn(tenant, before - self._served_chunks(index) if before else ())
            return report

    def ingest(
        self,
        tenant: Tenant,
        sources: Sequence[KnowledgeSource],
        evaluation_folders: Sequence[Path] = (),
        on_progress: Callable[[str, int, int], None] | None = None,
    ) -> IngestReport:
        """Every stage in order; the candidate is promoted when it is acceptable. Raises ModelMismatch before
        anything changes."""
        started = perf_counter()
        with self._turn(tenant):
            self.index(tenant)

        def stage(name: str) -> Progress | None:
            return (lambda done, total: on_progress(name, done, total)) if on_progress else None

        collected = self.collect(tenant, sources)
        parsed = self.parse(tenant, stage("documents"))
        chunked = self.chunk(tenant, stage("chunks"))
        whole = self.check_documents(tenant)
        indexed = self.embed(tenant, stage("embeddings"))
        sound = (self.check_passages(tenant), self.check_dimensions(tenant))
        sets = tuple(self.load_evaluation_set(tenant, folder) for folder in evaluation_folders)
        evaluation = self.evaluate(tenant, stage("retrieval_evaluation"))
        answers = self.evaluate_answers(tenant, stage("answer_evaluation")) if evaluation.acceptable else None
        acceptable = answers is not None and answers.acceptable and all(check.passed for check in sound)
        promoted = self.promote(tenant, evaluation.index_version) if acceptable else None
        documents, _ = self.counts(tenant)
        seconds = perf_counter() - started
        checked = (whole, *sound)
        return IngestReport(
            collected, parsed, chunked, indexed, checked, sets, evaluation, answers, promoted, documents, seconds
        )

    def drop_index(self, tenant: Tenant) -> None:
        """Before a rebuild with another embedder: the tenant has no answers until it is built anew."""
        with self._turn(tenant):
            before = set(chunk_ids(self._database, tenant.context))
            delete_index(self._settings.data_dir / "vectors", tenant.context)
            forget_evaluations(self._database, tenant.context)
            self._withdrawn(tenant, before)

    def index(self, tenant: Tenant) -> TenantIndex:
        """The tenant's index. Raises ModelMismatch where another model made it."""
        return TenantIndex.open(self._settings.data_dir / "vectors", tenant.context, self._embedder.identity)

    def problems(self, tenant: Tenant) -> list[DocumentProblem]:
        """All that stand against single documents."""
        with self._database.tenant(tenant.context) as session:
            return stored_problems(session)

    def orphan_chunks(self, tenant: Tenant) -> int:
        """Passages in the candidate index that no document has."""
        return len(self.index(tenant).chunk_ids() - set(chunk_ids(self._database, tenant.context)))

    def empty_documents(self, tenant: Tenant) -> list[str]:
        """Documents of which nothing can be found, because they have no passage."""
        without = ~select(ChunkRow).where(ChunkRow.document_id == DocumentRow.document_id).exists()
        with self._database.tenant(tenant.context) as session:
            return list(session.scalars(select(DocumentRow.document_id).where(without)))

    def counts(self, tenant: Tenant) -> tuple[int, int]:
        """Documents and chunks stored."""
        with self._database.tenant(tenant.context) as session:
            documents = session.scalar(select(func.count()).select_from(DocumentRow)) or 0
            return documents, session.scalar(select(func.count()).select_from(ChunkRow)) or 0

    def _served_chunks(self, index: TenantIndex) -> set[str]:
        """Of the version that serves now, where anybody wants to hear of their going."""
        served = index.served() if self._on_withdrawn else None
        return set(served.rows(["chunk_id"])["chunk_id"].to_pylist()) if served else set()

    def _withdrawn(self, tenant: Tenant, chunks: Collection[str]) -> None:
        if self._on_withdrawn is not None and chunks:
            self._on_withdrawn(tenant.context, chunks)

    def _turn(self, tenant: Tenant) -> AbstractContextManager[None]:
        return turn(self._database, self._settings.data_dir, tenant.context)
