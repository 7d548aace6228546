"""What came of asking a set's questions: of each one its answer and whether that is right, and the figures over all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from components.core.answers import Citation
from components.core.errors import BudgetExhausted, ModelMisbehaved, ModelTimedOut, NotFound, PromptTooLong
from components.core.prompts import PromptTemplate
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.evaluation.intervals import Interval, mean, mean_within, share
from components.helpdesk.evaluation.runs import Purpose, StoredRun

DEFAULT_TOP_K = 10
AMOUNTS = ("seconds", "input_tokens", "output_tokens", "cost")
# What a judge thinks of an answer: see components.helpdesk.evaluation.answer_judge.
OPINIONS = ("faithfulness", "context_relevance")
_WHY = {
    ModelMisbehaved.code: "where what it said is no judgement",
    ModelTimedOut.code: "where it was too slow",
    BudgetExhausted.code: "since the tenant's budget is past its soft limit",
    PromptTooLong.code: "that are longer than it reads",
    NotFound.code: "whose passages are there no more",
}
_SILENT = "where it did not answer"


@dataclass(frozen=True)
class Variant:
    """What is tried; None = as the tenant has it now. model: a name of the catalogue, or `extractive`. pipeline: the
    name of a shipped one, or YAML (how passages are fused is chosen there)."""

    prompt: PromptTemplate | None = None
    model: str | None = None
    top_k: int | None = None
    pipeline: str | None = None


@dataclass(frozen=True)
class AnswerResult:
    """One question's. right: answered with a citation of a relevant document, or refused where there is none; None
    where nobody said what is right. similarity: to the expected answer, None where none was written or it was refused.
    grounded: share of the sentences a model wrote that the passages carry, 1 for a quote; None for a refusal. error:
    code of why there is no answer. faithfulness, context_relevance: the judge's opinion, 0 to 1; None where it has
    none, and then judge_error, a code, says why. doubted: statements that it does not find in the passages. citations,
    passages: only of a run that was just made; history has answer_id."""

    question_id: str
    question: str
    answerable: bool
    answered: bool
    right: bool | None
    text: str
    cited: tuple[str, ...]
    reason: str | None
    confidence: float
    similarity: float | None
    grounded: float | None
    seconds: float
    input_tokens: int
    output_tokens: int
    cost: Decimal
    model: str
    answer_id: UUID | None
    error: str | None = None
    faithfulness: float | None = None
    context_relevance: float | None = None
    doubted: tuple[str, ...] = ()
    judge_error: str | None = None
    citations: tuple[Citation, ...] = ()
    passages: tuple[PassageLineage, ...] = ()


@dataclass(frozen=True)
class AnswerRun:
    """variant: what was asked, as names and numbers. fingerprint: of all that decides the result. missing: in words,
    what of the set could not be asked. cancelled: it ended early, `results` are those until then. judge: the language
    model that was asked what it thinks of the answers, and judge_cost what that came to; judge_problem: in words, why
    the tenant's own was not asked."""

    set_name: str
    set_version: str
    variant: Mapping[str, Any]
    fingerprint: str
    results: tuple[AnswerResult, ...]
    started_at: datetime
    finished_at: datetime
    currency: str = ""
    missing: str = ""
    cancelled: bool = False
    judge: str | None = None
    judge_cost: Decimal = Decimal(0)
    judge_problem: str = ""

    @property
    def judged(self) -> int:
        """Answers of which the judge has said all that it was asked."""
        return sum(each.judge_error is None and each.faithfulness is not None for each in self.results)

    @property
    def doubted(self) -> tuple[AnswerResult, ...]:
        """Those in which the judge finds statements that do not follow from their passages."""
        return tuple(each for each in self.results if each.doubted)

    @property
    def told_judge(self) -> str:
        """In words, what the judge did; empty where there is none."""
        if self.judge is None:
            return self.judge_problem
        errors = Counter(each.judge_error for each in self.results if each.judge_error is not None)
        given = self.judged + errors.total()
        told = f"{self.judge} judged {self.judged} of {given} answers"
        why = ", ".join(f"{count} {_WHY.get(code, _SILENT)}" for code, count in errors.most_common())
        return f"{told}; not judged: {why}" if why else told

    @property
    def metrics(self) -> dict[str, Interval]:
        """Over the questions, with their intervals. right: of all; answered_right: of the answerable ones;
        refused_right: of the others. faithfulness, context_relevance: of the answers that were judged. seconds,
        input_tokens, output_tokens, cost: means of one answer."""
        judged = [each for each in self.results if each.right is not None]
        found = {
            "right": _share(judged),
            "answered_right": _share([each for each in judged if each.answerable]),
            "refused_right": _share([each for each in judged if not each.answerable]),
            "similarity": mean([each.similarity for each in self.results if each.similarity is not None]),
            "grounded": mean([each.grounded for each in self.results if each.grounded is not None]),
            **{name: _opinion(list(self.by_question(name).values())) for name in OPINIONS},
            **{name: mean(list(self.by_question(name).values())) for name in AMOUNTS},
        }
        return {name: interval for name, interval in found.items() if interval is not None}

    @property
    def shares(self) -> dict[str, Interval]:
        """The metrics that lie between 0 and 1."""
        return {name: interval for name, interval in self.metrics.items() if name not in AMOUNTS}

    def beside(self, other: AnswerRun) -> bool:
        """Whether both were asked in the same span of time: only then may their times be compared, since a machine and
        a model's server are busier at one hour than at another."""
        return self.started_at < other.finished_at and other.started_at < self.finished_at

    def by_question(self, figure: str) -> dict[str, float]:
        """One figure of each question that has it: right, answered, similarity, grounded, faithfulness,
        context_relevance, seconds, input_tokens, output_tokens or cost."""
        values = {each.question_id: getattr(each, figure) for each in self.results}
        return {question: float(value) for question, value in values.items() if value is not None}

    def stored(self, purpose: Purpose, reason: str = "") -> StoredRun:
        """As the history keeps it."""
        return StoredRun(
            kind="answer",
            purpose=purpose,
            set_name=self.set_name,
            set_version=self.set_version,
            variant={
                **self.variant,
                "currency": self.currency,
                "missing": self.missing,
                "judge": self.judge,
                "judge_cost": str(self.judge_cost),
                "judge_problem": self.judge_problem,
            },
            fingerprint=self.fingerprint,
            metrics=self.metrics,
            results=[_kept(each) for each in self.results],
            reason=reason,
            started_at=self.started_at,
            finished_at=self.finished_at,
        )


def run_of(stored: StoredRun) -> AnswerRun:
    """An answer run from the history."""
    return AnswerRun(
        set_name=stored.set_name,
        set_version=stored.set_version,
        variant=stored.variant,
        fingerprint=stored.fingerprint,
        results=tuple(_result(each) for each in stored.results),
        started_at=stored.started_at,
        finished_at=stored.finished_at,
        currency=stored.variant.get("currency", ""),
        missing=stored.variant.get("missing", ""),
        judge=stored.variant.get("judge"),
        judge_cost=Decimal(stored.variant.get("judge_cost", 0)),
        judge_problem=stored.variant.get("judge_problem", ""),
    )


def _share(results: Sequence[AnswerResult]) -> Interval | None:
    return share(sum(bool(each.right) for each in results), len(results))


def _opinion(values: list[float]) -> Interval | None:
    """A few answers that a judge likes all alike make it no surer of the next one."""
    return mean_within(sum(values), len(values), 0.0, 1.0)


def _kept(result: AnswerResult) -> dict[str, Any]:
    values = vars(replace(result, citations=(), passages=()))
    del values["citations"], values["passages"]
    answer_id = str(result.answer_id) if result.answer_id else None
    lists = {"cited": list(result.cited), "doubted": list(result.doubted)}
    return {**values, **lists, "cost": str(result.cost), "answer_id": answer_id}


def _result(values: Mapping[str, Any]) -> AnswerResult:
    answer_id = values["answer_id"]
    return AnswerResult(
        **{
            **values,
            "cited": tuple(values["cited"]),
            "doubted": tuple(values.get("doubted", ())),
            "cost": Decimal(values["cost"]),
            "answer_id": UUID(answer_id) if answer_id else None,
        }
    )
