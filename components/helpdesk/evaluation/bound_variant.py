"""A variant on one version of a tenant's index, ready to be asked, and with a memory of nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable, ModelUnavailable
from components.core.generation import AnswerGenerator
from components.core.prompts import PromptTemplate
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_terms import read_terms
from components.helpdesk.evaluation.answer_run import DEFAULT_TOP_K, Variant
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.searching import checked_top_k
from components.models.recent_embedder import RecentEmbedder
from components.retrieval.loading import Bindings, parse_definition
from components.retrieval.pipeline import RetrievalPipeline
from components.retrieval.pipeline_schema import shipped_pipelines
from components.retrieval.prompting import check_template
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

SENT = "sent"  # The name of a pipeline that came as YAML.
# Asked before the clock starts. No confidence reaches the threshold, so that no model is asked.
_WARMING, _NEVER = "Is anything to be found here?", 2.0

# The tenant's generator, with a named model instead of its own, on this embedder; and a text that changes when what
# answers does. Raises ModelNotAllowed.
GeneratorFor = Callable[[TenantContext, str | None, Embedder], tuple[AnswerGenerator, str]]


@dataclass(frozen=True)
class BoundVariant:
    """basis: what decides its answers. model: the one that was named."""

    tenant: TenantContext
    pipeline: RetrievalPipeline
    snapshot: IndexSnapshot
    template: PromptTemplate
    threshold: float
    top_k: int
    model: str | None
    basis: tuple[object, ...]

    @property
    def variant(self) -> dict[str, Any]:
        """As names and numbers."""
        return {
            "prompt_id": self.template.prompt_id,
            "prompt_version": self.template.version,
            "model": self.model,
            "top_k": self.top_k,
            "pipeline": self.pipeline.name,
            "pipeline_version": self.pipeline.version,
            "index_version": self.snapshot.version,
            "threshold": self.threshold,
        }

    def fingerprint(self, questions: EvaluationSet) -> str:
        """Of all that decides what comes of asking it these questions."""
        asked = (questions.name, questions.version, questions.missing)
        return sha256(repr((self.basis, asked)).encode()).hexdigest()

    def warm(self) -> None:
        """Opens what is opened once, so that the first question takes no longer than the others."""
        with suppress(ModelUnavailable):  # Of the embedder; each question will tell.
            self.pipeline.answer(_WARMING, top_k=self.top_k, threshold=_NEVER, prompt_template=self.template)


class VariantBinder:
    """Each variant gets an index, a memory of embedded texts and one of checked sentences of its own: whatever others
    were asked before makes it no faster."""

    def __init__(self, database: Database, embedder: Embedder, generator_for: GeneratorFor, settings: Settings) -> None:
        """embedder: one that remembers nothing."""
        self._database, self._embedder, self._settings = database, embedder, settings
        self._generator_for = generator_for

    def bind(self, tenant: TenantContext, variant: Variant, *, candidate: bool) -> BoundVariant:
        """candidate: on the newest index, not on the one that serves. Raises InvalidPrompt, InvalidPipeline,
        InvalidInput, ModelNotAllowed, IndexUnavailable, ModelMismatch, DatabaseUnavailable."""
        if variant.prompt is not None:
            check_template(variant.prompt)
        top_k = checked_top_k(DEFAULT_TOP_K if variant.top_k is None else variant.top_k)
        embedder = RecentEmbedder(self._embedder)
        index = TenantIndex.open(self._settings.data_dir / "vectors", tenant, embedder.identity)
        snapshot = index.latest() if candidate else index.served()
        if snapshot is None:
            raise IndexUnavailable("no knowledge is being served for this tenant yet: run `helpdesk ingest` first")
        generator, models = self._generator_for(tenant, variant.model, embedder)
        pipeline = self._pipeline(variant.pipeline, Bindings(snapshot, embedder, generator))
        with self._database.tenant(tenant) as session:
            # The threshold is the tenant's also for another pipeline: confidence does not hang on how it was found.
            terms = read_terms(session, tenant, snapshot.version, self._settings.pipeline)
        template = variant.prompt or terms.prompt
        knowledge = (embedder.identity.fingerprint, _content_of(snapshot))
        asked = (template.system, template.user, models, top_k, pipeline.version, terms.threshold)
        return BoundVariant(
            tenant, pipeline, snapshot, template, terms.threshold, top_k, variant.model, (*knowledge, *asked)
        )

    def _pipeline(self, wanted: str | None, bindings: Bindings) -> RetrievalPipeline:
        if wanted is None or wanted in shipped_pipelines():
            return RetrievalPipeline(wanted or self._settings.pipeline, bindings)
        return RetrievalPipeline(SENT, bindings, parse_definition(wanted))


def _content_of(snapshot: IndexSnapshot) -> str:
    """Of what an index holds, whatever number its version has: ids come from content."""
    ids = sorted(snapshot.rows(["chunk_id"])["chunk_id"].to_pylist())
    return sha256("\n".join(ids).encode()).hexdigest()
