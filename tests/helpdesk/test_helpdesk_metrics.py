"""The figures of retrieval, against values computed by hand and against slower definitions."""

from __future__ import annotations

from math import log2

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.helpdesk.evaluation.metrics import (
    auroc,
    coverage_at_precision,
    ndcg,
    recall,
    reciprocal_rank,
    retrieval_metrics,
)

RELAXED = settings(max_examples=100, deadline=None)

RANKING = st.permutations("abcdefghijklmno").map(lambda order: order[:12])
RELEVANT = st.dictionaries(st.sampled_from("abcdefghxyz"), st.integers(1, 3), max_size=6)
SCORES = st.lists(st.floats(0, 1) | st.sampled_from([0.25, 0.5]), max_size=12)


def test_ndcg_is_that_of_the_definition() -> None:
    assert ndcg(["x", "a", "b"], {"a": 2, "b": 1}) == pytest.approx((2 / log2(3) + 1 / log2(4)) / (2 + 1 / log2(3)))
    assert ndcg(["a", "b", "x"], {"a": 2, "b": 1}) == 1
    assert ndcg(["x"] * 10 + ["a"], {"a": 1}) == 0


def test_recall_and_reciprocal_rank_count_as_their_names_say() -> None:
    assert recall(["x", "a", "b"], {"a": 1, "b": 1, "c": 1}, 2) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x", "y", "a"], {"a": 1}) == pytest.approx(1 / 3)
    assert reciprocal_rank(["x"] * 10 + ["a"], {"a": 1}) == 0


@RELAXED
@given(RANKING, RELEVANT)
def test_every_figure_is_between_nought_and_one(ranking: list[str], relevant: dict[str, int]) -> None:
    figures = [ndcg(ranking, relevant), recall(ranking, relevant, 5), reciprocal_rank(ranking, relevant)]
    assert all(0 <= figure <= 1 + 1e-12 for figure in figures)


@RELAXED
@given(RANKING, RELEVANT.filter(bool))
def test_no_order_beats_that_of_the_grades(ranking: list[str], relevant: dict[str, int]) -> None:
    ideal = sorted(relevant, key=lambda document: -relevant[document])
    assert ndcg(ideal, relevant) == pytest.approx(1)
    assert ndcg(ranking, relevant) <= ndcg(ideal, relevant) + 1e-12


@RELAXED
@given(SCORES, SCORES)
def test_auroc_is_the_share_of_pairs_in_order(positives: list[float], negatives: list[float]) -> None:
    pairs = [(one > other) + (one == other) / 2 for one in positives for other in negatives]
    assert auroc(positives, negatives) == (pytest.approx(sum(pairs) / len(pairs)) if pairs else None)


@RELAXED
@given(SCORES.filter(bool), SCORES.filter(bool))
def test_coverage_is_the_most_that_keeps_the_precision(positives: list[float], negatives: list[float]) -> None:
    reached = [0.0]
    for threshold in positives:
        right = sum(score >= threshold for score in positives)
        wrong = sum(score >= threshold for score in negatives)
        if right / (right + wrong) >= 0.9:
            reached.append(right / len(positives))
    assert coverage_at_precision(positives, negatives, 0.9) == pytest.approx(max(reached))


def test_questions_without_an_answer_stay_out_of_the_retrieval_figures() -> None:
    rankings = {"q1": ["a"], "q2": ["x", "b"], "q3": ["x"]}
    metrics = retrieval_metrics(rankings, {"q1": {"a": 1}, "q2": {"b": 1}}, {"q1": 0.9, "q2": 0.4, "q3": 0.5})
    assert (metrics.queries, metrics.recall_at_1, metrics.mrr_at_10) == (2, 0.5, 0.75)
    assert metrics.answerability_auroc == 0.5
    assert metrics.coverage_at_90_precision == 0.5


def test_where_every_question_has_an_answer_answerability_is_not_made_up() -> None:
    metrics = retrieval_metrics({"q": ["a"]}, {"q": {"a": 1}}, {"q": 0.9})
    assert metrics.answerability_auroc is None
    assert metrics.coverage_at_90_precision is None
