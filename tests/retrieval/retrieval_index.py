"""A small index over real vectors, and an embedder that gives no token vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from components.core.documents import Document
from components.core.embeddings import EmbeddedText, Embedder, ModelIdentity
from components.core.tenant import TenantContext
from components.knowledge.chunking import chunk
from components.knowledge.indexing import index_chunks
from components.vectors.snapshot import IndexSnapshot
from components.vectors.tenant_index import TenantIndex

KNOWLEDGE = {
    "returns": "You can return unused tents within 45 days of delivery. The refund reaches your card in five days.",
    "shipping": "Standard shipping costs 4.90 euros. Express shipping costs 12.50 euros and takes one working day.",
    "warranty": "Tents carry a warranty of seven years. Send the invoice number with your warranty claim.",
    "care": "Wash a down jacket at 30 degrees and dry it with two tennis balls in the drum.",
    "rental": "Snowshoes can be rented by the week. The deposit is 80 euros a pair.",
    "membership": "Members collect one point for each euro. Points expire after 24 months.",
    "stoves": "Gas stoves must not be used inside a tent. Carbon monoxide has no smell.",
    "boots": "Leather boots need wax every month. Dry wet boots away from the radiator.",
    "payment": "We accept cards, bank transfer and gift vouchers. Vouchers are valid for three years.",
    "privacy": "We keep order data for ten years because the tax law demands it.",
    "repairs": "Torn rain jackets are repaired in our workshop in about two weeks.",
    "stores": "Our shop in Oslo opens at ten in the morning from Monday to Saturday.",
}


@dataclass(frozen=True)
class PooledOnly:
    """The bundled embedder as an endpoint would be: pooled vectors and nothing else."""

    whole: Embedder

    @property
    def identity(self) -> ModelIdentity:
        return replace(self.whole.identity, name="pooled", has_tokens=False)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return self.whole.token_spans(text)

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        return [EmbeddedText(each.vector) for each in self.whole.embed_passages(texts)]

    def embed_query(self, text: str) -> EmbeddedText:
        return EmbeddedText(self.whole.embed_query(text).vector)


def build_snapshot(root: Path, embedder: Embedder, texts: dict[str, str]) -> IndexSnapshot:
    """An index of one document a text, its id the text's key."""
    cut = [
        chunk(
            Document(name, "help", name.title(), text, ""), token_spans=embedder.token_spans, max_tokens=64, overlap=0
        )
        for name, text in texts.items()
    ]
    chunks = {piece.chunk_id: piece for pieces in cut for piece in pieces}
    index = TenantIndex.open(root, TenantContext(uuid4()), embedder.identity)
    index_chunks(chunks, lambda identifiers: [chunks[key] for key in identifiers], index, embedder)
    return index.latest()
