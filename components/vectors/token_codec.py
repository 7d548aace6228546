"""How a passage's token vectors are kept small: projected by PCA, then one signed byte a value."""

from __future__ import annotations

import io
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray

from components.core.embeddings import Matrix
from components.core.errors import InvalidInput

DIMENSIONS = 96
SAMPLE_TOKENS = 50_000


@dataclass(frozen=True)
class TokenMatrix:
    """A passage's token vectors, compressed.

    values: shape (n_tokens, d), int8. scales: shape (n_tokens,), float32, so that row i times
    scales[i] is the token's vector in the codec's space, of length one before rounding.
    """

    values: NDArray[np.int8]
    scales: NDArray[np.float32]

    def dense(self) -> Matrix:
        """The vectors as float32, shape (n_tokens, d)."""
        dense: Matrix = self.values.astype(np.float32)
        dense *= self.scales[:, None]
        return dense


@dataclass(frozen=True)
class TokenCodec:
    """Projection to fewer dimensions, and int8 with a scale for each token.

    projection: shape (dimensions of the encoder, d), orthonormal columns, float32. Projected vectors
    are normalised again, so that a product of two is a cosine in the smaller space. The mean is not
    subtracted: cosines of the encoder's own space are what is approximated (truncated SVD of the
    token matrix; Eckart and Young 1936). Late interaction on int8 tokens: Santhanam et al. 2022, ColBERTv2.
    """

    projection: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.projection.ndim != 2 or self.projection.shape[1] > self.projection.shape[0]:
            raise InvalidInput(f"projection of shape {self.projection.shape}: allowed is (encoder, d) with d <= encoder")

    @classmethod
    def fit(cls, sample: Matrix, dimensions: int = DIMENSIONS) -> TokenCodec:
        """The projection that keeps most of `sample`, shape (n, encoder); more than 50,000 rows are thinned evenly."""
        if sample.ndim != 2 or not len(sample):
            raise InvalidInput(f"token sample of shape {sample.shape}: allowed is (n, encoder) with n >= 1")
        step = -(-len(sample) // SAMPLE_TOKENS)
        rows = sample[::step].astype(np.float64)
        _, directions = np.linalg.eigh(rows.T @ rows)
        leading = directions[:, ::-1][:, : min(dimensions, sample.shape[1])]
        return cls(np.ascontiguousarray(leading, dtype=np.float32))

    @property
    def dimensions(self) -> int:
        """d: values a token after projection."""
        return int(self.projection.shape[1])

    def project(self, tokens: Matrix) -> Matrix:
        """Tokens of the encoder, shape (n, encoder), in the codec's space: (n, d), L2-normalised float32.

        What a question's tokens go through before they meet a TokenMatrix.
        """
        if tokens.ndim != 2 or tokens.shape[1] != self.projection.shape[0]:
            raise InvalidInput(f"tokens of shape {tokens.shape}: allowed is (n, {self.projection.shape[0]})")
        small: Matrix = tokens.astype(np.float32, copy=False) @ self.projection
        small /= np.maximum(np.linalg.norm(small, axis=1, keepdims=True), 1e-12)
        return small

    def encode(self, tokens: Matrix) -> bytes:
        """Scales (float32, n of them), then values (int8, n x d): n x (d + 4) bytes."""
        small = self.project(tokens)
        scales = np.maximum(np.abs(small).max(axis=1, initial=0.0), 1e-12).astype("<f4") / np.float32(127)
        values = np.rint(small / scales[:, None]).astype(np.int8)
        return scales.astype("<f4").tobytes() + values.tobytes()

    def decode(self, data: bytes) -> TokenMatrix:
        """The matrix that encode() wrote, without a copy. Raises InvalidInput for bytes of another codec."""
        width = self.dimensions + 4
        if len(data) % width:
            raise InvalidInput(f"token matrix of {len(data)} bytes: allowed are multiples of {width}")
        tokens = len(data) // width
        scales = np.frombuffer(data, dtype="<f4", count=tokens)
        values = np.frombuffer(data, dtype=np.int8, offset=4 * tokens).reshape(tokens, self.dimensions)
        return TokenMatrix(values=values, scales=scales)

    def to_bytes(self) -> bytes:
        """The codec's parameters, for the file beside the table."""
        buffer = io.BytesIO()
        np.save(buffer, self.projection.astype("<f4"), allow_pickle=False)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> TokenCodec:
        return cls(np.load(io.BytesIO(data), allow_pickle=False))

    @property
    def fingerprint(self) -> str:
        """Equal for codecs that read each other's bytes."""
        return sha256(self.to_bytes()).hexdigest()[:16]
