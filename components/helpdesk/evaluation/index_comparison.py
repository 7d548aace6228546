"""The last index against the one before: the same questions, what each of them found, and whether it is more than
chance."""

from __future__ import annotations

from dataclasses import dataclass

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
    """before: the last measurement on the same set of another version of the index that was let serve. pairs: by
    change, the worst first. judgement: on those pairs."""

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
    others = (run for run in kept[1:] if run.set_name == after.set_name and not run.blocked)
    before = next((run for run in others if _version(run) != _version(after)), None)
    old = _scores(before) if before else {}
    pairs = tuple(
        QuestionPair(
            question=result["question"],
            before=old[result["question_id"]],
            after=result[FIGURE],
            found=tuple(result["found"]),
            relevant=tuple(result["relevant"]),
        )
        for result in after.results
        if FIGURE in result and result["question_id"] in old
    )
    ordered = tuple(sorted(pairs, key=lambda pair: (pair.change, pair.question)))
    return IndexComparison(after, before, ordered, judge(old, _scores(after)))


def last_index_answers(runs: EvaluationRuns, tenant: TenantContext) -> AnswerRun | None:
    """What the last index answered; None where no index's answers were ever measured."""
    kept = runs.list(tenant, "answer", purposes=["index"], limit=1)
    return run_of(kept[0]) if kept else None


def _version(run: StoredRun) -> int | None:
    return run.variant.get("index_version")


def _scores(run: StoredRun) -> dict[str, float]:
    return {result["question_id"]: result[FIGURE] for result in run.results if FIGURE in result}
