"""Token vectors survive compression well enough to be compared."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.errors import InvalidInput
from components.vectors.token_codec import TokenCodec, TokenMatrix, stack


def tokens_near_a_plane(count: int, encoder: int = 48, rank: int = 12, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    tokens = generator.standard_normal((count, rank)) @ np.random.default_rng(9).standard_normal((rank, encoder))
    tokens += 0.05 * generator.standard_normal(tokens.shape)
    return (tokens / np.linalg.norm(tokens, axis=1, keepdims=True)).astype(np.float32)


def encode(codec: TokenCodec, tokens: np.ndarray) -> TokenMatrix:
    return codec.decode(codec.encode([(tokens, ["word"] * len(tokens))])[0])


@settings(max_examples=25, deadline=None)
@given(count=st.integers(0, 40), seed=st.integers(0, 1000))
def test_a_decoded_token_points_where_the_projected_one_does(count: int, seed: int) -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(300), dimensions=12)
    tokens = tokens_near_a_plane(count, seed=seed)
    matrix = encode(codec, tokens)
    assert matrix.dense().shape == (count, 12)
    assert np.all((matrix.dense() * codec.project(tokens)).sum(axis=1) > 0.97)


def test_cosines_survive_projection_and_rounding() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(2000), dimensions=12)
    question, passage = tokens_near_a_plane(8, seed=1), tokens_near_a_plane(60, seed=2)
    compressed = codec.project(question) @ encode(codec, passage).dense().T
    assert np.abs(compressed - question @ passage.T).max() < 0.2


def test_a_token_takes_half_a_byte_a_dimension_and_punctuation_none() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(500, encoder=384, rank=200))
    tokens = tokens_near_a_plane(5, encoder=384, rank=200)
    assert codec.dimensions == 128
    assert len(codec.encode([(tokens, ["boots", ",", "##ing", "[UNK]", "9"])])[0]) == 3 * 64
    assert len(codec.encode([(tokens, [".", ",", "!", "?", ";"])])[0]) == 5 * 64


@settings(max_examples=10, deadline=None)
@given(counts=st.lists(st.integers(0, 9), max_size=150))
def test_a_text_is_encoded_the_same_alone_and_among_others(counts: list[int]) -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(300), dimensions=12)
    texts = [(tokens_near_a_plane(count, seed=number), ["word"] * count) for number, count in enumerate(counts)]
    together = [codec.decode(data).dense() for data in codec.encode(texts)]
    alone = [codec.decode(codec.encode([text])[0]).dense() for text in texts]
    assert [len(rows) for rows in together] == counts
    assert all(np.all((a * b).sum(axis=1) > 0.98) for a, b in zip(together, alone, strict=True))


def test_stacked_matrices_are_their_dense_rows_in_order() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(300), dimensions=12)
    matrices = [encode(codec, tokens_near_a_plane(count, seed=count)) for count in (3, 1, 7)]
    rows, lengths = stack(matrices)
    assert lengths.tolist() == [3, 1, 7]
    assert np.allclose(rows, np.concatenate([matrix.dense() for matrix in matrices]))
    assert stack([])[0].shape == (0, 0)


def test_a_codec_read_back_reads_what_was_written_before() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(300), dimensions=12)
    again = TokenCodec.from_bytes(codec.to_bytes())
    (data,) = codec.encode([(tokens_near_a_plane(5), ["word"] * 5)])
    assert again.fingerprint == codec.fingerprint
    assert np.array_equal(again.decode(data).dense(), codec.decode(data).dense())


def test_fewer_tokens_than_dimensions_still_give_an_orthonormal_projection() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(3), dimensions=12)
    assert np.allclose(codec.projection.T @ codec.projection, np.eye(12), atol=1e-5)


def test_what_does_not_fit_the_codec_is_refused() -> None:
    codec = TokenCodec.fit(tokens_near_a_plane(300), dimensions=12)
    with pytest.raises(InvalidInput, match="multiples of 6"):
        codec.decode(b"x" * 17)
    with pytest.raises(InvalidInput, match=r"allowed is \(n, 48\)"):
        codec.project(np.ones((2, 5), np.float32))
    with pytest.raises(InvalidInput, match="2 token vectors for 1 wordpieces"):
        codec.encode([(tokens_near_a_plane(2), ["word"])])
    with pytest.raises(InvalidInput, match="n >= 1"):
        TokenCodec.fit(np.empty((0, 48), np.float32))
