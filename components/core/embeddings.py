"""What an embedder gives, and the Protocol that every embedder keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class ModelIdentity:
    """Which model made a vector. Two vectors may meet only when their identities are equal.

    name: as a person configures it. fingerprint: hash of the weights, or the endpoint's model id.
    dimensions: of the pooled vector. max_tokens: what it reads of one text, special tokens left out.
    has_tokens: whether it gives token vectors (late interaction needs them).
    """

    name: str
    fingerprint: str
    dimensions: int
    max_tokens: int
    has_tokens: bool


@dataclass(frozen=True)
class EmbeddedText:
    """One text embedded.

    vector: pooled, L2-normalised, shape (dimensions,), float32.
    tokens: one L2-normalised row a wordpiece, special tokens left out, shape (n_tokens, dimensions),
        float32; None from an embedder without them.
    pieces: the wordpieces' own strings, one a row of `tokens`; empty where tokens is None.
    """

    vector: Vector
    tokens: Matrix | None = None
    pieces: tuple[str, ...] = ()

    def __deepcopy__(self, memo: object) -> EmbeddedText:
        """Itself: it never changes, and Haystack copies every input of every component."""
        return self


class Embedder(Protocol):
    """Text to vectors. Thread-safe. Raises ModelUnavailable where the model cannot be reached."""

    @property
    def identity(self) -> ModelIdentity: ...

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Character offsets (start, end) of each token of `text`, special tokens left out, uncut."""
        ...

    def embed_passages(self, texts: Sequence[str]) -> list[EmbeddedText]:
        """One EmbeddedText a text, in order. Raises InvalidInput for a text past max_tokens:
        nothing is cut off silently."""
        ...

    def embed_query(self, text: str) -> EmbeddedText:
        """The question's vectors; a question past max_tokens is read up to there."""
        ...
