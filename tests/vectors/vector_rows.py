"""A small model's identity, and rows made for it without a model."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import numpy as np

from components.core.documents import Chunk, chunk_id
from components.core.embeddings import EmbeddedText, ModelIdentity, Vector
from components.core.tenant import TenantContext
from components.vectors.schema import IndexRow

DIMENSIONS = 16
IDENTITY = ModelIdentity("letters", "f" * 64, DIMENSIONS, 256, has_tokens=True)
TENANT = TenantContext(UUID(int=1))
OTHER_TENANT = TenantContext(UUID(int=2))


def word_vector(word: str) -> Vector:
    """A unit vector of its own for every word."""
    seed = int.from_bytes(sha256(word.encode("utf-8", "replace")).digest()[:8])
    vector = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    return vector / np.linalg.norm(vector)


def embed(text: str) -> EmbeddedText:
    """Mean of the words' vectors, and one token a word."""
    pieces = tuple(text.split()) or ("[empty]",)
    tokens = np.stack([word_vector(piece) for piece in pieces])
    mean = tokens.mean(axis=0)
    return EmbeddedText(mean / np.linalg.norm(mean), tokens, pieces)


def row(text: str, document_id: str = "docs/a.md") -> IndexRow:
    """A chunk of `document_id` under the headings Returns > Exceptions."""
    heading_path = ("Returns", "Exceptions")
    identifier = chunk_id(document_id, "Shop", heading_path, text)
    return Chunk(identifier, document_id, "Shop", heading_path, text, 0, len(text.split())), embed(text)
