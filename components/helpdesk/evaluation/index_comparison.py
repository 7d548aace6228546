"""The last index against the one before: the same questions, what each of them found, and whether it is more than
chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from components.core.tenant import TenantContext
from components.helpdesk.evaluation.answer_run import AnswerRun, run_of
from components.helpdesk.evaluation.gate import Judgement, judge
from components.helpdesk.evaluation.runs import EvaluationRuns, StoredRun

FIGURE = "ndcg_at_10"
_LOOKED_AT = 100


@dataclass(frozen=True)
class QuestionPair:
    """One question's nDCG@10 with both indexes. found: documents that the last one finds, best first; relevant: those
    that answer."""

    question: str
    before: float
    after: float
    found: tuple[str, ...]
    relevant: tuple[str, ...]

    @property
    def change(self) -> float:
        return self.after - self.before


@dataclass(frozen=True)
class IndexComparison:
    """before: the last measurement of another version of the index that was let serve: on the same set, else, as where
    a set came into use meanwhile, on any that shares questions with it. pairs: by change, the worst first. judgement:
    on those pairs."""

    after: StoredRun
    before: StoredRun | None
    pairs: tuple[QuestionPair, ...]
    judgement: Judgement

    @property
    def changed(self) -> tuple[QuestionPair, ...]:
        """Questions that find better or worse than before."""
        return tuple(pair for pair in self.pairs if pair.change)


def compare_last_index(runs: EvaluationRuns, tenant: TenantContext) -> IndexComparison | None:
    """None where no index of the tenant's was ever measured."""
    kept = runs.list(tenant, "retrieval", purposes=["index"], limit=_LOOKED_AT)
    if not kept:
        return None
    after = kept[0]
    before = _served_before(kept, after)
    old, new = _scored(before) if before else {}, _scored(after)
    pairs = [
        QuestionPair(
            question=question,
            before=old[question][FIGURE],
            after=result[FIGURE],
            found=tuple(result["found"]),
            relevant=tuple(result["relevant"]),
        )
        for question, result in new.items()
        if question in old
    ]
    pairs.sort(key=lambda pair: (pair.change, pair.question))
    judgement = judge({pair.question: pair.before for pair in pairs}, {pair.question: pair.after for pair in pairs})
    return IndexComparison(after, before, tuple(pairs), judgement)


def last_index_answers(runs: EvaluationRuns, tenant: TenantContext) -> AnswerRun | None:
    """What the last index answered; None where no index's answers were ever measured."""
    kept = runs.list(tenant, "answer", purposes=["index"], limit=1)
    return run_of(kept[0]) if kept else None


def _served_before(kept: Sequence[StoredRun], after: StoredRun) -> StoredRun | None:
    asked = _scored(after).keys()
    others = [run for run in kept if not run.blocked and _version(run) != _version(after)]
    others = [run for run in others if not asked.isdisjoint(_scored(run))]
    return next((run for run in others if run.set_name == after.set_name), others[0] if others else None)


def _version(run: StoredRun) -> int | None:
    return run.variant.get("index_version")


def _scored(run: StoredRun) -> dict[str, Mapping[str, Any]]:
    """By the question's words: its id is another where another set is in use beside its own."""
    return {result["question"]: result for result in run.results if FIGURE in result}
