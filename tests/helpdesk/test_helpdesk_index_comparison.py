"""The last index against the one before: paired by question, and each tenant's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from components.core.tenant import Tenant
from components.helpdesk.evaluation.index_comparison import compare_last_index
from components.helpdesk.evaluation.runs import EvaluationRuns, StoredRun

if TYPE_CHECKING:
    from components.database.session import Database

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def test_the_last_index_is_held_against_the_one_before_on_the_same_questions(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    shop, other, runs = make_tenant(), make_tenant(), EvaluationRuns(database)
    assert compare_last_index(runs, shop.context) is None
    runs.store(shop.context, _run(4, {"a": 1.0, "b": 0.5, "gone": 1.0}, 0))
    alone = compare_last_index(runs, shop.context)
    assert alone is not None
    assert (alone.before, alone.pairs, alone.judgement.verdict) == (None, (), "undecided")
    # Measured twice, on another set meanwhile, and kept from serving: none of them is the one before.
    runs.store(shop.context, _run(7, {"a": 1.0}, 1, "another"))
    runs.store(shop.context, replace(_run(5, {"a": 0.1, "b": 0.1}, 1), blocked=True))
    runs.store(shop.context, _run(6, {"a": 0.2, "b": 0.5, "new": 1.0}, 2))
    runs.store(shop.context, _run(6, {"a": 0.25, "b": 0.5, "new": 1.0}, 3))
    found = compare_last_index(runs, shop.context)
    assert found is not None
    assert found.before is not None
    assert (found.before.variant["index_version"], found.after.finished_at) == (4, NOW + timedelta(hours=3))
    assert [(pair.question, pair.change) for pair in found.pairs] == [("question a", -0.75), ("question b", 0.0)]
    assert [pair.question for pair in found.changed] == ["question a"]
    assert found.judgement.pairs == 2
    assert found.judgement.difference is not None
    assert found.judgement.difference.value == pytest.approx(-0.375)
    assert found.judgement.blocks
    assert compare_last_index(runs, other.context) is None


def test_where_a_set_came_into_use_the_questions_that_both_were_asked_are_compared(
    database: Database, make_tenant: Callable[..., Tenant]
) -> None:
    shop, runs = make_tenant(), EvaluationRuns(database)
    runs.store(shop.context, _run(4, {"a": 1.0, "b": 0.5}, 0))
    strange = _run(5, {"a": 0.0}, 1, "strange")
    runs.store(shop.context, replace(strange, results=[{**each, "question": "other"} for each in strange.results]))
    union = _run(6, {"a": 1.0, "c": 0.0}, 2, "asked + written")
    named = [{**each, "question_id": f"written:{each['question_id']}"} for each in union.results]
    runs.store(shop.context, replace(union, results=named))
    found = compare_last_index(runs, shop.context)
    assert found is not None
    assert found.before is not None
    assert found.before.variant["index_version"] == 4
    assert [(pair.question, pair.change) for pair in found.pairs] == [("question a", 0.0)]


def _run(version: int, scores: dict[str, float], hours: int, name: str = "written") -> StoredRun:
    at = NOW + timedelta(hours=hours)
    results = [
        {"question_id": key, "question": f"question {key}", "found": ["x"], "relevant": {"x": 1}, "ndcg_at_10": score}
        for key, score in scores.items()
    ]
    unanswerable = {"question_id": "u", "question": "?", "found": [], "relevant": {}}
    return StoredRun(
        kind="retrieval",
        purpose="index",
        set_name=name,
        set_version="1",
        variant={"index_version": version},
        fingerprint=f"{version} {hours}",
        metrics={},
        results=[*results, unanswerable],
        reason="",
        started_at=at,
        finished_at=at,
    )
