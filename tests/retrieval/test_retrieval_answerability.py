"""How evidence becomes one number: clauses, crowding, and how far the pooled cosine is trusted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.retrieval.scoring import (
    GREATEST_SHIFT,
    SMALLEST_SHIFT,
    Frequencies,
    attainable_bm25,
    best_matches,
    clause_vectors,
    clause_weights,
    clauses,
    cosine_shift,
    density,
    support,
    token_weights,
)

COMMON = Frequencies(100, {"refund": 3, "the": 90, "card": 10})
STORY = [
    "my",
    "tent",
    "broke",
    "in",
    "the",
    "storm",
    "yesterday",
    "night",
    ",",
    "how",
    "long",
    "is",
    "the",
    "warranty",
    "on",
    "poles",
    "?",
]


def test_rare_words_weigh_more_and_punctuation_nothing() -> None:
    weights = token_weights(["the", "refund", "?"], COMMON)
    assert weights[1] > weights[0] > weights[2] == 0.0
    assert weights.sum() == pytest.approx(1.0)


@given(st.lists(st.text(max_size=6), min_size=1, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_pieces_get_finite_weights_that_sum_to_one(pieces: list[str]) -> None:
    weights = token_weights(pieces, COMMON)
    assert np.isfinite(weights).all()
    assert weights.sum() == pytest.approx(1.0, abs=1e-4)
    assert attainable_bm25(pieces, COMMON) > 0.0


def test_a_story_has_clauses_and_a_plain_question_is_one() -> None:
    parts = clauses(STORY)
    assert [STORY[part] for part in parts[1:]] == [STORY[:9], STORY[9:]]
    assert clauses(["how", "long", "is", "the", "warranty", "?"]) == [slice(0, 6)]


@given(st.lists(st.sampled_from(["tent", ",", "how", "?", ".", "the", "!"]), min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_clauses_divide_the_question_without_gap_or_overlap(pieces: list[str]) -> None:
    whole, *parts = clauses(pieces)
    assert pieces[whole] == pieces
    if parts:
        assert [piece for part in parts for piece in pieces[part]] == pieces
    weights = clause_weights(pieces, [whole, *parts], COMMON)
    assert weights.shape == (1 + len(parts), len(pieces))
    assert weights.sum(axis=1) == pytest.approx(np.ones(1 + len(parts)), abs=1e-4)


def test_the_first_clause_vector_is_the_questions_own() -> None:
    tokens = np.eye(4, 8, dtype=np.float32)
    vector = np.full(8, 8**-0.5, np.float32)
    found = clause_vectors(vector, tokens, [slice(0, 4), slice(0, 2), slice(2, 4)])
    assert found[0] == pytest.approx(vector)
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(3))


def test_best_matches_are_taken_within_each_passage() -> None:
    question = np.array([[1.0, 0.0]], np.float32)
    passages = np.array([[0.2, 0.0], [0.9, 0.0], [0.5, 0.0]], np.float32)
    assert best_matches(question, passages, [2, 1])[0] == pytest.approx([0.9, 0.5])


def test_a_crowded_passage_proves_less() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    crowding = density(vectors, neighbours=1)
    assert crowding[0] > crowding[2]
    level = np.full((1, 3), 0.6, np.float32)
    supported = support(level, level, crowding, 0.0)
    assert supported[2] > supported[0]


def test_a_clause_alone_proves_a_little_less_than_the_whole_question() -> None:
    whole_met = support(np.array([[0.6], [0.1]], np.float32), np.zeros((2, 1), np.float32), np.zeros(1), 0.0)
    clause_met = support(np.array([[0.1], [0.6]], np.float32), np.zeros((2, 1), np.float32), np.zeros(1), 0.0)
    assert whole_met[0] > clause_met[0] > 0.5


def test_passages_about_one_thing_make_the_pooled_cosine_count_more() -> None:
    assert cosine_shift(None) == 0.0
    assert SMALLEST_SHIFT == cosine_shift(0.3) < cosine_shift(0.57) < cosine_shift(0.9) == GREATEST_SHIFT
