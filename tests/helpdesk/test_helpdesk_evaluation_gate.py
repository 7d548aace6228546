"""What may take the place of what serves: one rule over pairs of questions, and Haystack's figures beside ours."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components.helpdesk.evaluation.answer_comparison import compare
from components.helpdesk.evaluation.answer_run import AnswerRun, run_of
from components.helpdesk.evaluation.gate import ALLOWED_DROP, LEAST_PAIRS, judge, told
from components.helpdesk.evaluation.metrics import ndcg, recall, reciprocal_rank
from components.helpdesk.evaluation.question_scores import score_questions
from tests.helpdesk.judged_runs import NOW, RESULT, judged_run

VALUES = st.dictionaries(st.integers(0, 30).map(str), st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1)


def run(rights: dict[str, bool], **changes: object) -> AnswerRun:
    results = tuple(
        replace(RESULT, question_id=key, question=f"Question {key}?", right=right, **changes)  # type: ignore[arg-type]
        for key, right in rights.items()
    )
    return AnswerRun("set", "v", {"index_version": 1}, "f", results, NOW, NOW, "EUR")


@given(VALUES)
def test_the_same_is_never_worse(values: dict[str, float]) -> None:
    found = judge(values, values)
    assert (found.verdict, found.blocks) == ("not_worse", False)
    assert found.difference is not None
    assert (found.difference.low, found.difference.high) == (0, 0)


@given(VALUES, st.data())
def test_a_block_is_a_drop_and_a_drop_beyond_the_bound_is_blocked(
    values: dict[str, float], data: st.DataObject
) -> None:
    after = {key: data.draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])) for key in values}
    found = judge(values, after)
    mean = sum(after[key] - values[key] for key in values) / len(values)
    assert found.difference is not None
    assert found.difference.value == pytest.approx(mean)
    sure = found.pairs >= LEAST_PAIRS
    assert found.blocks == ((sure and found.difference.high < 0) or mean < -ALLOWED_DROP)
    assert sure or "beyond chance" not in told(found, "nDCG@10")
    if found.blocks:
        assert mean < 0
        assert "worse" in told(found, "nDCG@10")
    assert judge(after, values).verdict != "worse" or mean > 0


@given(VALUES, VALUES)
def test_only_questions_that_both_have_count(before: dict[str, float], after: dict[str, float]) -> None:
    both = before.keys() & after.keys()
    assume(both)
    found = judge(before, after)
    assert found.pairs == len(both)
    assert found == judge({key: before[key] for key in before if key in both}, {key: after[key] for key in both})


@pytest.mark.parametrize(
    ("drops", "of", "blocked"),
    [
        (1, 20, False),  # One question of twenty may fall by chance,
        (3, 20, True),  # three are more than a tenth.
        (2, 500, False),
        (15, 500, True),  # 0.03, far within the bound, and no accident.
        (1, 2, True),
    ],
)
def test_few_questions_block_by_size_and_many_by_certainty(drops: int, of: int, blocked: bool) -> None:
    before = {str(number): 1.0 for number in range(of)}
    after = {key: 0.0 if int(key) < drops else 1.0 for key in before}
    assert judge(before, after).blocks == blocked


def test_nothing_to_compare_blocks_nothing() -> None:
    found = judge({"a": 1.0}, {"b": 0.0})
    assert (found.verdict, found.difference, found.blocks) == ("undecided", None, False)


@given(
    st.dictionaries(st.sampled_from(["q1", "q2", "q3"]), st.permutations("abcdefghijklmno"), min_size=1),
    st.dictionaries(
        st.sampled_from(["q1", "q2", "q3"]),
        st.dictionaries(st.sampled_from("abcdefghxyz"), st.integers(1, 3), min_size=1, max_size=6),
        min_size=1,
    ),
)
def test_haystacks_figures_are_ours_where_their_definitions_agree(
    rankings: dict[str, list[str]], qrels: dict[str, dict[str, int]]
) -> None:
    scores = score_questions(rankings, qrels)
    assert scores.keys() == rankings.keys() & qrels.keys()
    for query, found in scores.items():
        ranking, relevant = rankings[query], qrels[query]
        assert found.ndcg_at_10 == pytest.approx(ndcg(ranking, relevant))
        assert found.mrr_at_10 == pytest.approx(reciprocal_rank(ranking, relevant))
        assert found.recall_at_10 == pytest.approx(recall(ranking, relevant, 10))
        hits = [rank for rank, name in enumerate(ranking[:10], start=1) if name in relevant]
        precision = sum(place / rank for place, rank in enumerate(hits, start=1)) / len(relevant)
        assert found.map_at_10 == pytest.approx(precision)


RIGHTS = st.dictionaries(st.integers(0, 12).map(str), st.booleans(), min_size=1)


@given(RIGHTS, RIGHTS)
def test_a_comparison_pairs_by_question_and_names_what_changed(before: dict[str, bool], after: dict[str, bool]) -> None:
    found = compare(run(before), run(after))
    both = before.keys() & after.keys()
    assert found.pairs == len(both)
    assert {each.question_id for each in found.changed} == {key for key in both if before[key] != after[key]}
    if both:
        assert found.differences["right"].value == pytest.approx(
            sum(after[key] - before[key] for key in both) / len(both)
        )
        assert found.differences["cost"].value == 0
    assert len(found.summary()["changed"]) == len(found.changed)


def test_other_words_count_as_a_change_and_other_questions_are_no_pair() -> None:
    before, after = run({"a": True, "b": True}), run({"a": True, "b": True}, text="Two weeks [1].")
    found = compare(before, after)
    assert [each.rightness_changed for each in found.changed] == [False, False]
    assert found.verdict == "not_worse"
    other = replace(after, results=(replace(after.results[0], question="Another?"), after.results[1]))
    assert compare(before, other).pairs == 1


def judged(scores: dict[str, float | None], judge: str | None = "gpt") -> AnswerRun:
    made = run(dict.fromkeys(scores, True))
    results = (replace(each, faithfulness=scores[each.question_id]) for each in made.results)
    return replace(made, results=tuple(results), judge=judge)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ([1.0] * 6, [0.0] * 6, "worse"),
        ([1.0] * 5, [0.0] * 5, "undecided"),  # Nobody believes a judge on five answers.
        ([1.0] * 20, [1.0] * 17 + [0.0] * 3, "undecided"),  # A drop of 0.15 that chance may have made.
        ([1.0] * 400, [1.0] * 385 + [0.0] * 15, "worse"),
        ([0.0] * 6, [1.0] * 6, "better"),
        ([0.5] * 20, [0.5] * 20, "not_worse"),
    ],
)
def test_a_judge_blocks_where_its_drop_is_beyond_chance_and_nowhere_else(
    before: list[float], after: list[float], verdict: str
) -> None:
    found = compare(judged(numbered(before)), judged(numbered(after)))
    assert found.opinions["faithfulness"].verdict == verdict
    assert found.blocks == (verdict == "worse")
    assert found.verdict == ("worse" if found.blocks else "not_worse")
    assert "faithfulness" in found.reason
    assert found.summary()["judge"] == "gpt"


def test_two_judges_are_never_compared_nor_one_with_none() -> None:
    good, bad = numbered([1.0] * 9), numbered([0.0] * 9)
    for before in ("another", None):
        found = compare(judged(good, before), judged(bad))
        assert (found.opinions, "faithfulness" in found.differences, found.blocks) == ({}, False, False)
    unjudged: dict[str, float | None] = {**bad, **dict.fromkeys("345678")}
    found = compare(judged(good), judged(unjudged))
    assert (found.opinions["faithfulness"].pairs, found.blocks) == (3, False), "what is not judged is no 0"


def numbered(values: list[float]) -> dict[str, float | None]:
    return {str(number): value for number, value in enumerate(values)}


@settings(max_examples=10)
@given(RIGHTS)
def test_a_run_comes_back_from_the_history_as_it_went_in(rights: dict[str, bool]) -> None:
    made = run(rights)
    assert run_of(made.stored("trial")).results == made.results
    assert run_of(made.stored("trial")).metrics == made.metrics
    opinions = judged_run("gpt")
    again = run_of(opinions.stored("trial"))
    assert (again.results, again.judge, again.told_judge) == (opinions.results, "gpt", opinions.told_judge)
