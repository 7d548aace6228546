"""A variant on one version of the tenant's index: ready to be asked, and known again by what decides its answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable
from components.core.generation import AnswerGenerator
from components.core.prompts import PromptTemplate
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.answer_terms import read_terms
from components.helpdesk.evaluation.answer_run import DEFAULT_TOP_K, Variant
from components.helpdesk.evaluation.beir import EvaluationSet
from components.helpdesk.searching import checked_top_k
from components.retrieval.loading import Bindings, parse_definition
from components.retrieval.pipeline import RetrievalPipeline
from components.retrieval.pipeline_schema import shipped_pipelines
from components.retrieval.prompting import check_template
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

SENT = "sent"  # The name of a pipeline that came as YAML.

# The tenant's generator, with a named model instead of its own, and a text that changes when what answers does. Raises
# ModelNotAllowed.
GeneratorFor = Callable[[TenantContext, str | None], tuple[AnswerGenerator, str]]


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
        """As the history names it."""
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
        """The same for the same questions, knowledge, prompt, models and pipeline, whatever numbers these have."""
        asked = (questions.name, questions.version, questions.missing)
        return sha256(repr((self.basis, asked)).encode()).hexdigest()


def bind(
    tenant: TenantContext,
    variant: Variant,
    *,
    candidate: bool,
    database: Database,
    embedder: Embedder,
    generator_for: GeneratorFor,
    settings: Settings,
) -> BoundVariant:
    """candidate: on the newest index, not on the one that serves. Raises InvalidPrompt, InvalidPipeline, InvalidInput,
    ModelNotAllowed, IndexUnavailable, ModelMismatch, DatabaseUnavailable."""
    if variant.prompt is not None:
        check_template(variant.prompt)
    top_k = checked_top_k(DEFAULT_TOP_K if variant.top_k is None else variant.top_k)
    index = TenantIndex.open(settings.data_dir / "vectors", tenant, embedder.identity)
    snapshot = index.latest() if candidate else index.served()
    if snapshot is None:
        raise IndexUnavailable("no knowledge is being served for this tenant yet: run `helpdesk ingest` first")
    generator, models = generator_for(tenant, variant.model)
    pipeline = _pipeline(variant.pipeline, settings.pipeline, Bindings(snapshot, embedder, generator))
    with database.tenant(tenant) as session:
        # The threshold is the tenant's also for another pipeline: confidence does not hang on how it was found.
        terms = read_terms(session, tenant, snapshot.version, settings.pipeline)
    template = variant.prompt or terms.prompt
    knowledge = (embedder.identity.fingerprint, _content_of(snapshot))
    asked = (template.system, template.user, models, top_k, pipeline.version, terms.threshold)
    return BoundVariant(
        tenant, pipeline, snapshot, template, terms.threshold, top_k, variant.model, (*knowledge, *asked)
    )


def _pipeline(wanted: str | None, own: str, bindings: Bindings) -> RetrievalPipeline:
    if wanted is None or wanted in shipped_pipelines():
        return RetrievalPipeline(wanted or own, bindings)
    return RetrievalPipeline(SENT, bindings, parse_definition(wanted))


def _content_of(snapshot: IndexSnapshot) -> str:
    """Of what an index holds, whatever number its version has: ids come from content."""
    ids = sorted(snapshot.rows(["chunk_id"])["chunk_id"].to_pylist())
    return sha256("\n".join(ids).encode()).hexdigest()
