"""Each tenant's pipeline on the index that is promoted for it, opened once and again when another one is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from uuid import UUID

from components.core.embeddings import Embedder
from components.core.errors import IndexUnavailable
from components.core.generation import AnswerGenerator
from components.core.settings import Settings
from components.core.tenant import TenantContext
from components.retrieval.loading import Bindings
from components.retrieval.pipeline import RetrievalPipeline
from components.vectors.served_version import FileSignature, signature
from components.vectors.tenant_index import TenantIndex

TENANTS_HELD = 64

GeneratorFor = Callable[[TenantContext], AnswerGenerator | None]


@dataclass(frozen=True)
class ServedPipeline:
    """What answers one tenant's questions until another version is promoted."""

    signature: FileSignature
    index_version: int
    pipeline: RetrievalPipeline


class ServedPipelines:
    """Thread-safe; holds those of the tenants that were asked last."""

    def __init__(self, embedder: Embedder, generator_for: GeneratorFor, settings: Settings) -> None:
        """generator_for: the tenant's, which follows its configuration by itself; where it gives none, the pipeline
        retrieves only."""
        self._embedder, self._generator_for, self._settings = embedder, generator_for, settings
        self._vectors = settings.data_dir / "vectors"
        self._serving: OrderedDict[UUID, ServedPipeline] = OrderedDict()
        self._lock = Lock()

    def get(self, tenant: TenantContext) -> ServedPipeline:
        """Everything is opened anew when the pointer to the served version changes: a rebuilt index has other files,
        perhaps of another model, under version numbers that were there before. Raises IndexUnavailable, ModelMismatch,
        InvalidPipeline."""
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

    def _open(self, tenant: TenantContext, now: FileSignature) -> ServedPipeline:
        snapshot = TenantIndex.open(self._vectors, tenant, self._embedder.identity).served()
        if snapshot is None:
            raise IndexUnavailable("the tenant's knowledge is being rebuilt: try again in some minutes")
        bindings = Bindings(snapshot, self._embedder, self._generator_for(tenant))
        return ServedPipeline(now, snapshot.version, RetrievalPipeline(self._settings.pipeline, bindings))
