"""An index that begins with one short passage serves what comes later as well as any other."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import numpy as np

from components.core.documents import Chunk, chunk_id
from components.core.embeddings import EmbeddedText, Embedder
from components.core.tenant import TenantContext
from components.models.embedder_factory import load_embedder
from components.vectors.tenant_index import TenantIndex

FIRST = "We are closed on Mondays."
LATER = (
    "A refund to a credit card takes five to seven business days after the warehouse has checked the parcel.",
    "The database keeps fourteen daily backups; point-in-time recovery reaches back seven days on the Team plan.",
    "Wash the down jacket at thirty degrees with a down detergent and dry it with two tennis balls.",
)
QUESTION = "how many days until the money is back on my card"


def write(index: TenantIndex, embedder: Embedder, text: str) -> tuple[str, EmbeddedText]:
    embedded = embedder.embed_passages([text])[0]
    identifier = chunk_id("help/a.md", "", (), text)
    index.write([(Chunk(identifier, "help/a.md", "", (), text, 0, len(embedded.pieces)), embedded)])
    return identifier, embedded


def test_token_cosines_survive_compression_when_the_first_passage_was_tiny(tmp_path: Path) -> None:
    embedder = load_embedder("bundled", cache_dir=tmp_path, threads=1)
    index = TenantIndex.open(tmp_path, TenantContext(uuid4()), embedder.identity)
    write(index, embedder, FIRST)
    written = [write(index, embedder, text) for text in LATER]
    asked, snapshot = embedder.embed_query(QUESTION), index.latest()
    assert asked.tokens is not None
    assert snapshot.codec is not None
    stored = snapshot.token_vectors([identifier for identifier, _ in written])
    for identifier, embedded in written:
        assert embedded.tokens is not None
        exact = (asked.tokens @ embedded.tokens.T).max(axis=1)
        kept = (snapshot.codec.project(asked.tokens) @ stored[identifier].dense().T).max(axis=1)
        # Fitted on the first passage alone, the third falls to .28.
        assert np.corrcoef(exact, kept)[0, 1] > 0.9
