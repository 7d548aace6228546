"""Fusion: whatever the lists hold, everything comes back once, better placed where it was better."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.core.answers import Passage
from components.core.errors import InvalidPipeline
from components.retrieval.fusion import METHODS, RankFusion

RELAXED = settings(max_examples=100, deadline=None)

SCORES = st.dictionaries(st.sampled_from("abcdefgh"), st.floats(-100, 100), max_size=8)
METHOD = st.sampled_from(sorted(METHODS))


def ranking(scores: dict[str, float], stage: str = "vector") -> list[Passage]:
    found = [Passage(key, f"help/{key}", key, "", key, score, {stage: score}) for key, score in scores.items()]
    return sorted(found, key=lambda passage: -passage.score)


@RELAXED
@given(st.lists(SCORES, max_size=4), METHOD)
def test_every_passage_comes_back_once_best_first(lists: list[dict[str, float]], method: str) -> None:
    fused = RankFusion(method).run([ranking(scores) for scores in lists])["passages"]
    assert {passage.chunk_id for passage in fused} == {key for scores in lists for key in scores}
    assert len(fused) == len({passage.chunk_id for passage in fused})
    scores = [passage.score for passage in fused]
    assert scores == sorted(scores, reverse=True)
    assert all(math.isfinite(score) and score >= 0 for score in scores)


@RELAXED
@given(st.lists(SCORES, min_size=1, max_size=4))
def test_the_average_stays_between_nought_and_one(lists: list[dict[str, float]]) -> None:
    fused = RankFusion("average").run([ranking(scores) for scores in lists])["passages"]
    assert all(0 <= passage.score <= 1 + 1e-9 for passage in fused)


@RELAXED
@given(SCORES, METHOD)
def test_one_list_keeps_its_order(scores: dict[str, float], method: str) -> None:
    alone = ranking(scores)
    fused = RankFusion(method).run([alone])["passages"]
    assert [passage.chunk_id for passage in fused] == [passage.chunk_id for passage in alone]


@RELAXED
@given(SCORES, SCORES)
def test_the_better_in_both_lists_is_the_better_in_the_end(first: dict[str, float], second: dict[str, float]) -> None:
    place = {p.chunk_id: n for n, p in enumerate(RankFusion().run([ranking(first), ranking(second)])["passages"])}
    both = first.keys() & second.keys()
    for one in both:
        for other in both:
            if first[one] > first[other] + 1e-6 and second[one] > second[other] + 1e-6:
                assert place[one] < place[other]


def test_reciprocal_rank_is_that_of_the_paper() -> None:
    fused = RankFusion("reciprocal_rank").run([ranking({"a": 9, "b": 1}), ranking({"b": 5})])["passages"]
    assert {p.chunk_id: p.score for p in fused} == {"a": 1 / 61, "b": pytest.approx(1 / 62 + 1 / 61)}


def test_the_scores_of_all_earlier_stages_are_kept() -> None:
    fused = RankFusion().run([ranking({"a": 0.5}), ranking({"a": 7.0}, "text")])["passages"]
    assert fused[0].stage_scores == {"vector": 0.5, "text": 7.0, "fused": 1.0}


def test_an_unknown_method_is_told_those_there_are() -> None:
    with pytest.raises(InvalidPipeline, match=r"'median'.*average, reciprocal_rank"):
        RankFusion("median")
