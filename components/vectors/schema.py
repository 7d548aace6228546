"""The columns of a tenant's table, and the identity of the model that filled it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

import numpy as np
import pyarrow as pa

from components.core.answers import Passage
from components.core.documents import Chunk
from components.core.embeddings import EmbeddedText, ModelIdentity
from components.core.errors import Conflict, InvalidInput, ModelMismatch
from components.vectors.stored_rows import StoredRow, pack
from components.vectors.token_codec import TokenCodec, coherence

TABLE = "chunks"
LAYOUT = 3
_MODEL_KEY = b"helpdesk.model"
_LAYOUT_KEY = b"helpdesk.layout"


IndexRow = tuple[Chunk, EmbeddedText]
"""A chunk and what the embedder made of it: one row of the table."""


def table_schema(identity: ModelIdentity) -> pa.Schema:
    """Columns for vectors of `identity`, which is written into the schema's metadata.

    `embedding_text` is what full-text search reads. `packed` is stored_rows.pack: passage, vector and
    token vectors (TokenCodec.encode's bytes) once more, in the one value that retrieval reads.
    `pieces` are the distinct wordpieces, for document frequencies, `coherence` is
    token_codec.coherence(). `meta` is Lance's JSON type: what
    Haystack's face shows as a document's meta.
    """
    return pa.schema(
        [
            pa.field("chunk_id", pa.string(), nullable=False),
            pa.field("document_id", pa.string()),
            pa.field("title", pa.string()),
            pa.field("section", pa.string()),
            pa.field("heading_path", pa.list_(pa.string())),
            pa.field("text", pa.string()),
            pa.field("embedding_text", pa.string()),
            pa.field("position", pa.int32()),
            pa.field("tokens", pa.int32()),
            pa.field("vector", pa.list_(pa.float32(), identity.dimensions)),
            pa.field("packed", pa.binary(), nullable=False),
            pa.field("pieces", pa.list_(pa.string())),
            pa.field("coherence", pa.float32()),
            pa.field("meta", pa.json_()),
        ],
        metadata={_MODEL_KEY: json.dumps(asdict(identity)).encode(), _LAYOUT_KEY: str(LAYOUT).encode()},
    )


def check_schema(schema: pa.Schema, identity: ModelIdentity) -> None:
    """Raises ModelMismatch where the table's vectors are of another model than `identity`, Conflict
    where another layout wrote the table."""
    metadata = schema.metadata or {}
    layout = metadata.get(_LAYOUT_KEY, b"none").decode()
    if layout != str(LAYOUT):
        raise Conflict(f"index has layout {layout}, allowed is {LAYOUT}: re-index with `helpdesk ingest --rebuild`")
    stored = ModelIdentity(**json.loads(metadata[_MODEL_KEY]))
    if stored != identity:
        raise ModelMismatch(
            f"index holds vectors of {_describe(stored)}, the configured embedder is {_describe(identity)}: "
            "configure that one again, or re-index with `helpdesk ingest --rebuild`",
            field="embedder",
        )


def rows_to_table(rows: Sequence[IndexRow], identity: ModelIdentity, codec: TokenCodec | None) -> pa.Table:
    """Rows as an Arrow table; of two rows with one chunk_id the later stays. `codec` is needed where
    the model gives token vectors. Raises InvalidInput naming the chunk whose vectors do not fit."""
    unique = {chunk.chunk_id: (chunk, embedded) for chunk, embedded in rows}
    for chunk, embedded in unique.values():
        _check_row(chunk.chunk_id, embedded, identity)
    chunks = [chunk for chunk, _ in unique.values()]
    texts = [embedded for _, embedded in unique.values()]
    vectors = np.concatenate([np.empty(0, np.float32), *(np.asarray(text.vector, np.float32) for text in texts)])
    columns = {
        "chunk_id": [chunk.chunk_id for chunk in chunks],
        "document_id": [chunk.document_id for chunk in chunks],
        "title": [chunk.title for chunk in chunks],
        "section": [chunk.section for chunk in chunks],
        "heading_path": [list(chunk.heading_path) for chunk in chunks],
        "text": [chunk.text for chunk in chunks],
        "embedding_text": [chunk.embedding_text for chunk in chunks],
        "position": [chunk.position for chunk in chunks],
        "tokens": [chunk.tokens for chunk in chunks],
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors), identity.dimensions),
        "packed": [pack(row) for row in _stored(unique.values(), codec)],
        "pieces": [sorted(set(text.pieces)) for text in texts],
        "coherence": [None if text.tokens is None else coherence(text.tokens, text.pieces) for text in texts],
        "meta": pa.array([_chunk_meta(chunk) for chunk in chunks], pa.json_()),
    }
    return pa.table(columns, schema=table_schema(identity))


def _stored(rows: Iterable[IndexRow], codec: TokenCodec | None) -> Iterator[StoredRow]:
    pairs = list(rows)
    present = [(text.tokens, text.pieces) for _, text in pairs if text.tokens is not None]
    encoded = iter(codec.encode(present) if codec is not None else [])
    for chunk, text in pairs:
        passage = Passage(chunk.chunk_id, chunk.document_id, chunk.title, chunk.section, chunk.text, 0.0)
        yield StoredRow(passage, text.vector, None if text.tokens is None else next(encoded, None))


def _chunk_meta(chunk: Chunk) -> str:
    return json.dumps(
        {
            "document_id": chunk.document_id,
            "title": chunk.title,
            "section": chunk.section,
            "heading_path": list(chunk.heading_path),
            "position": chunk.position,
            "tokens": chunk.tokens,
        }
    )


def _check_row(name: str, embedded: EmbeddedText, identity: ModelIdentity) -> None:
    if embedded.vector.shape != (identity.dimensions,):
        raise InvalidInput(
            f"chunk {name}: vector of shape {embedded.vector.shape}, allowed is ({identity.dimensions},)"
        )
    if not np.isfinite(embedded.vector).all():
        raise InvalidInput(f"chunk {name}: its vector holds a value that is not a number")
    if identity.has_tokens and embedded.tokens is None:
        raise InvalidInput(f"chunk {name}: no token vectors, but {identity.name} gives them")
    if embedded.tokens is not None and len(embedded.tokens) != len(embedded.pieces):
        raise InvalidInput(f"chunk {name}: {len(embedded.tokens)} token vectors for {len(embedded.pieces)} wordpieces")


def _describe(identity: ModelIdentity) -> str:
    return f"{identity.name!r} ({identity.fingerprint[:12]}, {identity.dimensions} dimensions)"
