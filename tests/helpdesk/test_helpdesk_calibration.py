"""The learnt threshold: between what can be answered and what cannot, and honest about how well."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from components.helpdesk.evaluation.calibration import calibrate

RELAXED = settings(max_examples=100, deadline=None)

SCORES = st.lists(st.floats(0, 1), min_size=5, max_size=30)


@RELAXED
@given(st.lists(st.floats(0.6, 1), min_size=5, max_size=30), st.lists(st.floats(0, 0.4), min_size=5, max_size=30))
def test_kinds_that_are_apart_are_told_apart(right: list[float], wrong: list[float]) -> None:
    learnt = calibrate(right, wrong)
    assert learnt is not None
    assert max(wrong) < learnt.threshold <= min(right)


@RELAXED
@given(SCORES, SCORES)
def test_the_threshold_lies_among_the_scores_and_its_figures_are_shares(right: list[float], wrong: list[float]) -> None:
    learnt = calibrate(right, wrong)
    assert learnt is not None
    assert min(right + wrong) - 1e-5 <= learnt.threshold <= max(right + wrong)
    assert 0 <= learnt.coverage <= 1
    assert 0 <= learnt.error <= 1
    assert (learnt.answerable, learnt.unanswerable) == (len(right), len(wrong))


@RELAXED
@given(st.lists(st.floats(0, 1), max_size=4), SCORES)
def test_fewer_than_five_of_a_kind_teach_nothing(few: list[float], many: list[float]) -> None:
    assert calibrate(few, many) is None
    assert calibrate(many, few) is None


def test_the_figures_are_of_questions_the_threshold_was_not_learnt_from() -> None:
    """Learnt on all, 0.35 would answer every one; each fold without its lowest answerable question learns more."""
    right, wrong = [0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.4], [0.3] * 7
    learnt = calibrate(right, wrong)
    assert learnt is not None
    assert sum(score >= learnt.threshold for score in right) == 7
    assert learnt.coverage == 6 / 7
    assert learnt.error == 0
