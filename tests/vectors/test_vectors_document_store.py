"""Haystack's own contract tests, run over the real table, and what they do not cover."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from haystack import Pipeline
from haystack.components.writers import DocumentWriter
from haystack.dataclasses import ByteStream, Document
from haystack.document_stores.errors import DuplicateDocumentError
from haystack.document_stores.types import DuplicatePolicy
from haystack.testing.document_store import CountDocumentsByFilterTest, DocumentStoreBaseExtendedTests
from vector_rows import IDENTITY, TENANT, row

from components.core.embeddings import ModelIdentity
from components.core.errors import InvalidInput
from components.vectors.document_store import LanceDocumentStore
from components.vectors.tenant_index import TenantIndex

CONTRACT_IDENTITY = ModelIdentity("contract", "0" * 64, 768, 256, has_tokens=False)


def open_store(root: Path, identity: ModelIdentity) -> LanceDocumentStore:
    return LanceDocumentStore(str(root), str(TENANT.tenant_id), asdict(identity))


class TestHaystackContract(DocumentStoreBaseExtendedTests, CountDocumentsByFilterTest):
    @pytest.fixture
    def document_store(self, tmp_path: Path) -> LanceDocumentStore:
        return open_store(tmp_path, CONTRACT_IDENTITY)

    @staticmethod
    def assert_documents_are_equal(received: list[Document], expected: list[Document]) -> None:
        """Equal and in the same order; embeddings to the precision of float32, which the table holds."""
        assert [document.embedding for document in received] == [
            pytest.approx(document.embedding, rel=1e-6) if document.embedding else None for document in expected
        ]
        plain = [[document.to_dict() | {"embedding": None} for document in side] for side in (received, expected)]
        assert plain[0] == plain[1]

    def test_write_documents(self, document_store: LanceDocumentStore) -> None:
        """Without a policy nothing is overwritten."""
        document = Document(content="test doc")
        assert document_store.write_documents([document]) == 1
        with pytest.raises(DuplicateDocumentError):
            document_store.write_documents([document])


@pytest.fixture
def store(tmp_path: Path) -> LanceDocumentStore:
    return open_store(tmp_path, IDENTITY)


def test_an_indexed_chunk_is_a_document_with_its_place(store: LanceDocumentStore, index: TenantIndex) -> None:
    chunk, embedded = row("boots may be returned")
    index.write([(chunk, embedded)])
    (document,) = store.filter_documents({"field": "meta.title", "operator": "==", "value": "Shop"})
    assert (document.id, document.content) == (chunk.chunk_id, chunk.text)
    assert document.embedding == pytest.approx(embedded.vector)
    assert document.meta["document_id"] == chunk.document_id
    assert document.meta["heading_path"] == ["Returns", "Exceptions"]


def test_a_document_written_by_haystack_is_found_by_the_index(store: LanceDocumentStore, index: TenantIndex) -> None:
    _, embedded = row("tents are repaired")
    document = Document(content="tents are repaired", embedding=embedded.vector.tolist(), meta={"title": "Repairs"})
    store.write_documents([document, Document(content="neither vector nor words of it"), Document(id="empty")])
    latest = index.latest()
    assert [passage.chunk_id for passage in latest.search_text("repair", 5)] == [document.id]
    assert [(passage.chunk_id, passage.title) for passage in latest.search_vector(embedded.vector, 5)] == [
        (document.id, "Repairs")
    ]


def test_a_store_survives_its_own_dictionary(store: LanceDocumentStore) -> None:
    store.write_documents([Document(content="kept")])
    assert LanceDocumentStore.from_dict(store.to_dict()).count_documents() == 1


def test_a_pipeline_yaml_with_the_store_loads_and_writes(store: LanceDocumentStore) -> None:
    pipeline = Pipeline()
    pipeline.add_component("writer", DocumentWriter(store, policy=DuplicatePolicy.SKIP))
    again = Pipeline.loads(pipeline.dumps(), allowed_modules=["components.vectors.*"])
    assert again.run({"writer": {"documents": [Document(content="a")]}}) == {"writer": {"documents_written": 1}}
    assert store.count_documents() == 1


@pytest.mark.parametrize(
    ("document", "named"),
    [
        (Document(id="d", content="x", embedding=[1.0, 2.0]), "allowed are 16 finite numbers"),
        (Document(id="d", blob=ByteStream(b"x")), "a blob"),
        (Document(id="d", content="x", meta={"when": object()}), "not JSON"),
        (Document(id="d", content="x", meta={"score": float("nan")}), "not JSON"),
    ],
)
def test_what_the_table_cannot_hold_is_refused_by_name(
    store: LanceDocumentStore, document: Document, named: str
) -> None:
    with pytest.raises(InvalidInput, match=f"document d: .*{named}"):
        store.write_documents([document])
    assert store.count_documents() == 0
