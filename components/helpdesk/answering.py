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
from components.helpdesk.ingestion.evaluating import find_threshold
from components.helpdesk.storable import storable
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.served_version import FileSignature, signature
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

    signature: FileSignature
    index_version: int
    pipeline: RetrievalPipeline


class Answering:
    """Answers questions from the promoted index of each tenant. Thread-safe."""

    def __init__(self, database: Database, embedder: Embedder, generator: AnswerGenerator, settings: Settings) -> None:
        self._database = database
        self._embedder = embedder
        self._generator = generator
        self._settings = settings
        self._vectors = settings.data_dir / "vectors"
        self._serving: OrderedDict[UUID, _Serving] = OrderedDict()
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
        for a blank, too long or unstorable question or a top_k outside 1..50, IndexUnavailable where nothing was
        promoted yet, ModelMismatch where another embedder rebuilt the index, DatabaseUnavailable, ModelUnavailable.
        """
        question = storable(question, "question").strip()
        if not 1 <= len(question) <= LONGEST_QUESTION:
            raise InvalidInput(
                f"question has {len(question)} characters: 1 to {LONGEST_QUESTION} are allowed", field="question"
            )
        if not 1 <= top_k <= MOST_PASSAGES:
            raise InvalidInput(f"top_k={top_k}: 1 to {MOST_PASSAGES} are allowed", field="top_k")
        serving = self._serving_for(tenant)
        # Read each time: other questions may have taught another threshold for the same index.
        threshold = find_threshold(self._database, tenant, serving.index_version, serving.pipeline.name)
        answer = serving.pipeline.answer(
            question,
            top_k=top_k,
            threshold=threshold,
            deadline=self._settings.request_deadline if deadline is None else deadline,
            refusal=refusal,
            on_text=on_text,
        )
        answered = AnsweredQuestion(uuid4(), question, answer, serving.pipeline.name, serving.index_version)
        self._store(tenant, answered, channel)
        return answered

    def _serving_for(self, tenant: TenantContext) -> _Serving:
        """Everything is opened anew when the pointer to the served version changes: a rebuilt index has other
        files, perhaps of another model, under version numbers that were there before."""
        now = signature(self._vectors / str(tenant.tenant_id))
        with self._lock:
            known = self._serving.get(tenant.tenant_id)
            if known is not None and known.signature == now:
                self._serving.move_to_end(tenant.tenant_id)
                return known
            self._serving.pop(tenant.tenant_id, None)
        if now is None:
            raise IndexUnavailable("no knowledge is being served for this tenant yet: run `helpdesk ingest` first")
        opened = self._open(tenant, now)
        with self._lock:
            self._serving[tenant.tenant_id] = opened
            self._serving.move_to_end(tenant.tenant_id)
            while len(self._serving) > TENANTS_HELD:
                self._serving.popitem(last=False)
        return opened

    def _open(self, tenant: TenantContext, now: FileSignature) -> _Serving:
        snapshot = TenantIndex.open(self._vectors, tenant, self._embedder.identity).served()
        if snapshot is None:
            raise IndexUnavailable("the tenant's knowledge is being rebuilt: try again in some minutes")
        bindings = Bindings(snapshot, self._embedder, self._generator)
        return _Serving(now, snapshot.version, RetrievalPipeline(self._settings.pipeline, bindings))

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
