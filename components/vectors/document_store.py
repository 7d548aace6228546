"""A tenant's index as a Haystack DocumentStore, so that Haystack's own components can use it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from haystack import default_from_dict, default_to_dict
from haystack.dataclasses import Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy

from components.core.embeddings import ModelIdentity
from components.core.tenant import TenantContext
from components.vectors.document_rows import DOCUMENT_COLUMNS, documents_to_table, table_to_documents
from components.vectors.filters import to_where
from components.vectors.sql import any_of
from components.vectors.tenant_index import TenantIndex


class LanceDocumentStore:
    """Reads and writes the latest version of one tenant's index; promotion stays with TenantIndex.

    A chunk that was indexed by the pipeline is a Document here: `id` is its chunk_id, `content` its
    text, `meta` its document, title and place. Raises ModelMismatch as TenantIndex.open does.
    """

    def __init__(self, root: str, tenant_id: str, identity: dict[str, Any]) -> None:
        """root: folder of all tenants' indices. identity: the fields of ModelIdentity."""
        self._root, self._tenant_id, self._identity = root, tenant_id, identity
        self._model = ModelIdentity(**identity)
        self._index = TenantIndex.open(Path(root), TenantContext(UUID(tenant_id)), self._model)

    def to_dict(self) -> dict[str, Any]:
        """For a pipeline's YAML."""
        return default_to_dict(self, root=self._root, tenant_id=self._tenant_id, identity=self._identity)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LanceDocumentStore:
        store: LanceDocumentStore = default_from_dict(cls, data)
        return store

    def count_documents(self) -> int:
        return self._index.latest().count()

    def count_documents_by_filter(self, filters: dict[str, Any]) -> int:
        return self._index.latest().count(_where(filters))

    def filter_documents(self, filters: dict[str, Any] | None = None) -> list[Document]:
        """Documents that match, in the order they were written. Raises FilterError for a malformed filter."""
        return table_to_documents(self._index.latest().rows(DOCUMENT_COLUMNS, _where(filters)))

    def write_documents(self, documents: list[Document], policy: DuplicatePolicy = DuplicatePolicy.NONE) -> int:
        """Writes; returns how many. NONE is treated as FAIL: nothing is overwritten unasked.

        Raises DuplicateDocumentError before anything is written, and InvalidInput for an embedding of
        another length, a blob or a sparse embedding, none of which the table can hold.
        """
        if not isinstance(documents, list) or not all(isinstance(document, Document) for document in documents):
            raise ValueError("write_documents: allowed is a list of haystack Documents")
        distinct = {document.id: document for document in documents}
        if policy is DuplicatePolicy.OVERWRITE:
            self._put(list(distinct.values()))
            return len(documents)
        present = self._present(list(distinct))
        if policy is not DuplicatePolicy.SKIP and (present or len(distinct) < len(documents)):
            repeated = present or {document.id for document in documents if documents.count(document) > 1}
            raise DuplicateDocumentError(f"documents already there: {', '.join(sorted(repeated)[:5])}")
        fresh = [document for identifier, document in distinct.items() if identifier not in present]
        self._put(fresh)
        return len(fresh)

    def delete_documents(self, document_ids: list[str]) -> None:
        """Ids that are not there are ignored."""
        self._index.delete(document_ids)

    def delete_all_documents(self) -> None:
        self._index.delete_where("true")

    def delete_by_filter(self, filters: dict[str, Any]) -> int:
        """Deletes documents that match; returns how many."""
        where = _where(filters)
        count = self._index.latest().count(where)
        if count:
            self._index.delete_where(where or "true")
        return count

    def update_by_filter(self, filters: dict[str, Any], meta: dict[str, Any]) -> int:
        """Sets `meta`'s keys on documents that match, in one version; returns how many."""
        found = self.filter_documents(filters)
        for document in found:
            document.meta.update(meta)
        self._put(found)
        return len(found)

    def _put(self, documents: Sequence[Document]) -> None:
        if documents:
            self._index.upsert(documents_to_table(documents, self._model))

    def _present(self, identifiers: Sequence[str]) -> set[str]:
        rows = self._index.latest().rows(["chunk_id"], any_of("chunk_id", identifiers))
        return set(rows.column("chunk_id").to_pylist())


def _where(filters: dict[str, Any] | None) -> str | None:
    return to_where(filters) if filters else None
