"""Chunks into a tenant's index: only what is new is embedded, what is gone is deleted, the rest stays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

from components.core.documents import Chunk
from components.core.embeddings import Embedder, ModelIdentity
from components.core.errors import InvalidInput
from components.vectors.tenant_index import TenantIndex

BATCH = 256


@dataclass(frozen=True)
class IndexingReport:
    """passages_per_second covers embedding and writing of the new chunks; 0 where there were none."""

    embedded: int
    deleted: int
    total: int
    index_version: int
    seconds: float
    passages_per_second: float


def index_chunks(
    wanted: Iterable[str],
    fetch: Callable[[Sequence[str]], Sequence[Chunk]],
    index: TenantIndex,
    embedder: Embedder,
    on_progress: Callable[[int, int], None] | None = None,
) -> IndexingReport:
    """Brings the newest version of `index` to hold exactly the chunks `wanted`, and maintains it.

    fetch: chunks by id, called a batch at a time, so that a million chunks need not fit in memory.
    Each batch is written before the next is embedded: a run killed half-way leaves its work to the next,
    and the served version untouched. Raises InvalidInput for a chunk that was cut for a model that reads more.
    """
    started = perf_counter()
    target, present = dict.fromkeys(wanted), index.chunk_ids()
    missing = [identifier for identifier in target if identifier not in present]
    stale = present - target.keys()
    done = 0
    for start in range(0, len(missing), BATCH):
        identifiers = missing[start : start + BATCH]
        chunks = fetch(identifiers)
        _refuse_long(chunks, embedder.identity)
        embedded = embedder.embed_passages([chunk.embedding_text for chunk in chunks])
        index.write(list(zip(chunks, embedded, strict=True)))
        done += len(chunks)
        if on_progress:
            on_progress(done, len(missing))
    rate = done / (perf_counter() - started) if done else 0.0
    index.delete(stale)
    index.maintain()
    return IndexingReport(done, len(stale), len(target), index.version, perf_counter() - started, rate)


def _refuse_long(chunks: Sequence[Chunk], model: ModelIdentity) -> None:
    for chunk in chunks:
        if chunk.tokens > model.max_tokens:
            raise InvalidInput(
                f"{chunk.document_id}: passage {chunk.position} has {chunk.tokens} tokens and {model.name!r} reads "
                f"{model.max_tokens}: cut the documents for this embedder first"
            )
