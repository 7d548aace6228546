"""A tenant's question to its stored, cited answer: the one way that every channel takes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from threading import Lock
from uuid import UUID, uuid4

from components.core.answers import Answer
from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable, InvalidInput
from components.core.generation import AnswerGenerator
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.database.tables import AnswerRow
from components.helpdesk.ingestion.evaluating import serving_state
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.tenant_index import TenantIndex

LONGEST_QUESTION = 4000
MOST_PASSAGES = 50
TENANTS_HELD = 64


@dataclass(frozen=True)
class AnsweredQuestion:
    """An answer as it was given and stored."""

    answer_id: UUID
    question: str
    answer: Answer
    pipeline: str
    index_version: int


@dataclass(frozen=True)
class _Serving:
    """What answers one tenant's questions until another version is promoted."""

    index_version: int
    pipeline: RetrievalPipeline
    threshold: float


class Answering:
    """Answers questions from the promoted index of each tenant. Thread-safe."""

    def __init__(self, database: Database, embedder: Embedder, generator: AnswerGenerator, settings: Settings) -> None:
        self._database = database
        self._embedder = embedder
        self._generator = generator
        self._settings = settings
        self._indexes: OrderedDict[UUID, TenantIndex] = OrderedDict()
        self._serving: dict[UUID, _Serving] = {}
        self._lock = Lock()

    def answer(
        self,
        tenant: TenantContext,
        question: str,
        *,
        top_k: int = 10,
        channel: str = "api",
        refusal: str | None = None,
        on_text: Callable[[str], None] | None = None,
        deadline: float | None = None,
    ) -> AnsweredQuestion:
        """The answer, stored. on_text receives its text in pieces as it is made.

        refusal: the words for not knowing. deadline: seconds, the setting's by default. Raises InvalidInput
        for a blank or too long question or a top_k outside 1..50, IndexUnavailable where nothing was promoted
        yet, DatabaseUnavailable, ModelUnavailable.
        """
        question = question.strip()
        if not 1 <= len(question) <= LONGEST_QUESTION:
            raise InvalidInput(
                f"question has {len(question)} characters: 1 to {LONGEST_QUESTION} are allowed", field="question"
            )
        if not 1 <= top_k <= MOST_PASSAGES:
            raise InvalidInput(f"top_k={top_k}: 1 to {MOST_PASSAGES} are allowed", field="top_k")
        serving = self._serving_for(tenant)
        answer = serving.pipeline.answer(
            question,
            top_k=top_k,
            threshold=serving.threshold,
            deadline=deadline or self._settings.request_deadline,
            refusal=refusal,
            on_text=on_text,
        )
        answered = AnsweredQuestion(uuid4(), question, answer, serving.pipeline.name, serving.index_version)
        self._store(tenant, answered, channel)
        return answered

    def _serving_for(self, tenant: TenantContext) -> _Serving:
        snapshot = self._index_of(tenant).served()
        if snapshot is None:
            raise IndexUnavailable("no knowledge is being served for this tenant yet: run `helpdesk ingest` first")
        known = self._serving.get(tenant.tenant_id)
        if known is None or known.index_version != snapshot.version:
            state = serving_state(self._database, tenant, snapshot.version)
            bindings = Bindings(snapshot, self._embedder, self._generator)
            known = _Serving(
                snapshot.version, RetrievalPipeline(self._settings.pipeline, bindings), state.threshold
            )
            self._serving[tenant.tenant_id] = known
        return known

    def _index_of(self, tenant: TenantContext) -> TenantIndex:
        with self._lock:
            index = self._indexes.get(tenant.tenant_id)
            if index is None:
                index = TenantIndex.open(self._settings.data_dir / "vectors", tenant, self._embedder.identity)
                self._indexes[tenant.tenant_id] = index
                if len(self._indexes) > TENANTS_HELD:
                    oldest, _ = self._indexes.popitem(last=False)
                    self._serving.pop(oldest, None)
            self._indexes.move_to_end(tenant.tenant_id)
            return index

    def _store(self, tenant: TenantContext, answered: AnsweredQuestion, channel: str) -> None:
        answer = answered.answer
        with self._database.tenant(tenant) as session:
            session.add(
                AnswerRow(
                    answer_id=answered.answer_id,
                    tenant_id=tenant.tenant_id,
                    question=answered.question,
                    text=answer.text,
                    answered=answer.answered,
                    confidence=answer.confidence,
                    threshold=answer.threshold,
                    model=answer.model,
                    pipeline=answered.pipeline,
                    index_version=answered.index_version,
                    citations=[asdict(citation) for citation in answer.citations],
                    passages=[
                        {"chunk_id": passage.chunk_id, "scores": dict(passage.stage_scores)}
                        for passage in answer.passages
                    ],
                    seconds=dict(answer.seconds),
                    channel=channel,
                )
            )
