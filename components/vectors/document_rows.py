"""Haystack Documents as rows of a tenant's table, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from haystack.dataclasses import Document

from components.core.answers import Passage
from components.core.embeddings import ModelIdentity
from components.core.errors import InvalidInput
from components.vectors.schema import table_schema
from components.vectors.stored_rows import StoredRow, pack

DOCUMENT_COLUMNS = ("chunk_id", "text", "vector", "meta")


def documents_to_table(documents: Sequence[Document], identity: ModelIdentity) -> pa.Table:
    """Rows without token vectors. Raises InvalidInput for what the table cannot hold."""
    for document in documents:
        _check(document, identity.dimensions)
    columns: dict[str, Any] = {
        "chunk_id": [document.id for document in documents],
        "document_id": [_text(document.meta.get("document_id")) for document in documents],
        "title": [_text(document.meta.get("title")) for document in documents],
        "section": [_text(document.meta.get("section")) for document in documents],
        "text": [document.content for document in documents],
        "embedding_text": [document.content for document in documents],
        "vector": [document.embedding for document in documents],
        "packed": [pack(_stored(document)) for document in documents],
        "meta": pa.array([_meta_text(document) for document in documents], pa.json_()),
    }
    schema = table_schema(identity)
    empty = {field.name: pa.nulls(len(documents), field.type) for field in schema if field.name not in columns}
    return pa.table(columns | empty, schema=schema)


def table_to_documents(table: pa.Table) -> list[Document]:
    """Documents from DOCUMENT_COLUMNS; embeddings are what float32 kept of them."""
    return [
        Document(id=row["chunk_id"], content=row["text"], embedding=row["vector"], meta=json.loads(row["meta"]))
        for row in table.select(list(DOCUMENT_COLUMNS)).to_pylist()
    ]


def _check(document: Document, dimensions: int) -> None:
    if document.blob is not None or document.sparse_embedding is not None:
        raise InvalidInput(
            f"document {document.id}: a blob or sparse embedding; allowed are content, embedding and meta"
        )
    if document.embedding is not None and (
        len(document.embedding) != dimensions or not np.isfinite(document.embedding).all()
    ):
        raise InvalidInput(f"document {document.id}: embedding, allowed are {dimensions} finite numbers or none")


def _stored(document: Document) -> StoredRow:
    document_id, title, section = (_text(document.meta.get(name)) or "" for name in ("document_id", "title", "section"))
    passage = Passage(document.id, document_id, title, section, document.content or "", 0.0)
    vector = None if document.embedding is None else np.asarray(document.embedding, np.float32)
    return StoredRow(passage, vector, None)


def _meta_text(document: Document) -> str:
    try:
        return json.dumps(document.meta, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"document {document.id}: meta is not JSON: {error}") from error


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
