"""How a passage's token vectors are kept small: content tokens only, projected by PCA, half a byte a value."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix
from components.core.errors import InvalidInput

DIMENSIONS = 128
_TOP = 7
_ZERO = 8
SAMPLE_TOKENS = 20_000
ENOUGH_TOKENS = 10_000
PROJECTIONS = Path(__file__).parent / "projections"
SPECIAL_PIECES = frozenset({"[CLS]", "[SEP]", "[PAD]", "[UNK]", "[MASK]"})


_TEXTS_A_PRODUCT = 64
TokenText = tuple[Matrix, Sequence[str]]


@lru_cache(maxsize=65_536)
def is_content(piece: str) -> bool:
    """Whether a wordpiece carries a letter or a digit; specials and punctuation are not stored."""
    return piece not in SPECIAL_PIECES and any(character.isalnum() for character in piece)


@dataclass(frozen=True)
class TokenMatrix:
    """A passage's token vectors, compressed.

    codes: shape (n_tokens, d / 2), uint8: value i of a token in the low four bits of byte i, value
    d / 2 + i in the high four, each 8 more than it is. A row is a direction, its length means nothing.
    """

    codes: NDArray[np.uint8]

    def dense(self) -> Matrix:
        """The vectors in the codec's space, L2-normalised float32, shape (n_tokens, d)."""
        return _decoded(self.codes)


def stack(matrices: Sequence[TokenMatrix]) -> tuple[Matrix, NDArray[np.intp]]:
    """Matrices one below the other: dense rows, shape (sum of n_tokens, d), and each one's n_tokens.

    One normalisation for all of a question's candidates costs a third of one for each.
    """
    lengths = np.array([len(matrix.codes) for matrix in matrices], dtype=np.intp)
    if not len(matrices):
        return np.empty((0, 0), np.float32), lengths
    return _decoded(np.concatenate([matrix.codes for matrix in matrices])), lengths


@dataclass(frozen=True)
class TokenCodec:
    """Projection to fewer dimensions, then four bits.

    projection: shape (dimensions of the encoder, d), d even, orthonormal columns, float32. The mean is not
    subtracted, so that inner products survive as far as the kept energy goes (PCA before quantising:
    Jegou and Chum 2012). Projected vectors are scaled to unit length, so that a product of two is a
    cosine and no scale need be stored: a token takes d / 2 bytes. On all-MiniLM-L6-v2, 128 dimensions of
    four bits rank as well as 112 of eight (stackfaq .7715 and .7717 nDCG@10) in 57 % of the room.
    """

    projection: NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = self.projection.shape
        if len(shape) != 2 or shape[1] > shape[0] or shape[1] % 2:
            raise InvalidInput(f"projection of shape {shape}: allowed is (encoder, d) with d even and <= encoder")

    @classmethod
    def fit(cls, sample: Matrix, dimensions: int = DIMENSIONS) -> TokenCodec:
        """The projection that keeps most of `sample`, shape (n, encoder); 10,000 rows are plenty,
        more than 20,000 are thinned evenly. Raises InvalidInput for no rows."""
        if sample.ndim != 2 or not len(sample):
            raise InvalidInput(f"token sample of shape {sample.shape}: allowed is (n, encoder) with n >= 1")
        rows = sample[:: -(-len(sample) // SAMPLE_TOKENS)].astype(np.float64)
        _, directions = np.linalg.eigh(rows.T @ rows / len(rows))
        leading = directions[:, ::-1][:, : min(dimensions, sample.shape[1]) // 2 * 2]
        return cls(np.ascontiguousarray(leading, dtype=np.float32))

    @property
    def dimensions(self) -> int:
        """d: values a token."""
        return int(self.projection.shape[1])

    def project(self, tokens: Matrix) -> Matrix:
        """Tokens of the encoder, shape (n, encoder), in the codec's space: (n, d), L2-normalised float32.

        What a question's tokens go through before they meet a TokenMatrix.
        """
        if tokens.ndim != 2 or tokens.shape[1] != self.projection.shape[0]:
            raise InvalidInput(f"tokens of shape {tokens.shape}: allowed is (n, {self.projection.shape[0]})")
        return _unit(tokens.astype(np.float32, copy=False) @ self.projection)

    def encode(self, texts: Sequence[TokenText]) -> list[bytes]:
        """One item a text: n x d / 2 bytes for its n content tokens, or for all where none has content.

        texts: token vectors, shape (n, encoder), and the wordpieces that name their rows. Projected many
        texts at a time: 2,048 passages took 28 s one by one and 2 to 7 s together,
        on a busy machine where small products wait for BLAS threads.
        """
        kept = [content_rows(tokens, pieces) for tokens, pieces in texts]
        encoded: list[bytes] = []
        for start in range(0, len(kept), _TEXTS_A_PRODUCT):
            batch = kept[start : start + _TEXTS_A_PRODUCT]
            directions = self.project(np.concatenate(batch))
            largest = np.maximum(np.abs(directions).max(axis=1, keepdims=True, initial=0.0), 1e-9)
            values = (np.rint(directions * (_TOP / largest)) + _ZERO).astype(np.uint8)
            low, high = np.split(values, 2, axis=1)
            ends = np.cumsum([len(rows) for rows in batch])[:-1]
            encoded.extend(rows.tobytes() for rows in np.split(low | (high << 4), ends))
        return encoded

    def decode(self, data: bytes) -> TokenMatrix:
        """The matrix that encode() wrote, without a copy. Raises InvalidInput for bytes of another codec."""
        width = self.dimensions // 2
        if len(data) % width:
            raise InvalidInput(f"token matrix of {len(data)} bytes: allowed are multiples of {width}")
        return TokenMatrix(np.frombuffer(data, dtype=np.uint8).reshape(-1, width))

    def to_bytes(self) -> bytes:
        """The codec's parameters, for the file beside the table."""
        buffer = io.BytesIO()
        np.save(buffer, self.projection.astype("<f4"), allow_pickle=False)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> TokenCodec:
        """The codec that to_bytes() wrote."""
        return cls(np.load(io.BytesIO(data), allow_pickle=False))

    @property
    def fingerprint(self) -> str:
        """Equal for codecs that read each other's bytes."""
        return sha256(self.to_bytes()).hexdigest()[:16]


def shipped_codec(fingerprint: str) -> TokenCodec | None:
    """The projection that ships for a model (deploy/fit_projection.py), for an index that begins with fewer than
    ENOUGH_TOKENS of its own: fitted on those it would fit nothing that comes later. None for other models."""
    path = PROJECTIONS / f"{fingerprint}.npy"
    return TokenCodec(np.load(path, allow_pickle=False).astype(np.float32)) if path.is_file() else None


def coherence(tokens: Matrix, pieces: Sequence[str]) -> float | None:
    """Length of the mean of a passage's unit token vectors, content pieces only: about 0.45 where it speaks of many
    things, 0.7 where of one. None for no tokens."""
    rows = content_rows(tokens, pieces)
    return float(np.linalg.norm(_unit(rows.astype(np.float32, copy=False)).mean(axis=0))) if len(rows) else None


def content_rows(tokens: Matrix, pieces: Sequence[str]) -> Matrix:
    """The rows whose wordpieces carry content, or all where none does. Raises InvalidInput for unequal lengths."""
    if len(pieces) != len(tokens):
        raise InvalidInput(f"{len(tokens)} token vectors for {len(pieces)} wordpieces: allowed are as many")
    content = np.fromiter(map(is_content, pieces), dtype=bool, count=len(pieces))
    return tokens[content] if content.any() else tokens


def _decoded(codes: NDArray[np.uint8]) -> Matrix:
    half = codes.shape[1]
    rows = np.empty((len(codes), 2 * half), np.float32)
    np.subtract(codes & 15, np.float32(_ZERO), out=rows[:, :half])
    np.subtract(codes >> 4, np.float32(_ZERO), out=rows[:, half:])
    return _unit(rows)


def _unit(rows: Matrix) -> Matrix:
    rows /= np.maximum(np.sqrt(np.einsum("ij,ij->i", rows, rows)), 1e-9)[:, None]
    return rows
