"""Properties that the scoring functions keep whatever their constants."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from components.retrieval.scoring import (
    Floats,
    Frequencies,
    attainable_bm25,
    best_matches,
    density,
    token_weights,
)

PIECES = st.lists(st.sampled_from(["tent", "##s", "the", "?", "[UNK]", "7", "boot", "é", ""]), min_size=1, max_size=9)
FREQUENCIES = st.builds(
    lambda passages, counts: Frequencies(passages, {key: min(value, passages) for key, value in counts.items()}),
    st.integers(1, 500),
    st.dictionaries(st.sampled_from(["tent", "##s", "the", "boot"]), st.integers(0, 500)),
)

RELAXED = settings(max_examples=100, deadline=None)
VECTORS = arrays.arrays(np.float32, st.tuples(st.integers(1, 7), st.just(4)), elements=st.floats(-1, 1, width=32))


@RELAXED
@given(PIECES, FREQUENCIES)
def test_token_weights_are_shares_of_one(pieces: list[str], frequencies: Frequencies) -> None:
    weights = token_weights(pieces, frequencies)
    assert weights.shape == (len(pieces),)
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1, abs=1e-4)


@RELAXED
@given(FREQUENCIES)
def test_a_rarer_word_weighs_more(frequencies: Frequencies) -> None:
    weights = token_weights(["tent", "boot"], frequencies)
    df = frequencies.document_frequency
    if df.get("tent", 0) < df.get("boot", 0):
        assert weights[0] > weights[1]


@RELAXED
@given(PIECES, FREQUENCIES)
def test_the_attainable_score_is_positive_and_grows_with_the_question(
    pieces: list[str], frequencies: Frequencies
) -> None:
    attainable = attainable_bm25(pieces, frequencies)
    assert 0 < attainable < float("inf")
    assert attainable_bm25([*pieces, "tent", "wholly", "new"], frequencies) >= attainable


@RELAXED
@given(VECTORS, st.lists(VECTORS, min_size=1, max_size=4))
def test_best_matches_are_those_of_a_plain_loop(query: Floats, passages: list[Floats]) -> None:
    found = best_matches(query, np.concatenate(passages), [len(each) for each in passages])
    expected = np.stack([(query @ passage.T).max(axis=1) for passage in passages], axis=1)
    assert np.allclose(found, expected, atol=1e-5)


@RELAXED
@given(VECTORS)
def test_density_is_a_mean_of_cosines(vectors: Floats) -> None:
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    crowding = density(unit.astype(np.float32))
    assert crowding.shape == (len(vectors),)
    assert (np.abs(crowding) <= 1 + 1e-4).all()


def test_a_passage_among_its_likes_is_in_a_crowd() -> None:
    lone, crowd = np.array([[1, 0]], np.float32), np.array([[0, 1]] * 3, np.float32)
    assert density(lone).tolist() == [0]
    crowding = density(np.concatenate([lone, crowd]), neighbours=2)
    assert crowding[0] < crowding[1:].min()
