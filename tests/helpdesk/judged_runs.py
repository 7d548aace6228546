"""A run of two answers, one of which a judge has half believed and one that it has not judged."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from components.helpdesk.evaluation.answer_run import AnswerResult, AnswerRun

NOW = datetime(2026, 11, 29, tzinfo=UTC)
RESULT = AnswerResult(
    question_id="q",
    question="How long?",
    answerable=True,
    answered=True,
    right=True,
    text="Nine days [1].",
    cited=("help/shipping.md",),
    reason=None,
    confidence=0.7,
    similarity=0.5,
    grounded=1.0,
    seconds=0.1,
    input_tokens=10,
    output_tokens=5,
    cost=Decimal("0.0001"),
    model="m",
    answer_id=None,
)


def judged_run(judge: str) -> AnswerRun:
    results = (
        replace(RESULT, faithfulness=0.5, context_relevance=1.0, doubted=("It is <b>free</b>.",)),
        replace(RESULT, question_id="r", question="How dear?", judge_error="model_timed_out"),
    )
    variant = {"index_version": 3}
    cost = Decimal("0.03")
    return AnswerRun("set", "v", variant, "f", results, NOW, NOW, "EUR", judge=judge, judge_cost=cost)
