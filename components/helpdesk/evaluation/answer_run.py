"""What came of asking a set's questions: of each one its answer and whether that is right, and the figures over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from components.core.answers import Citation
from components.core.prompts import PromptTemplate
from components.helpdesk.answer_lineage import PassageLineage
from components.helpdesk.evaluation.intervals import Interval, mean, share
from components.helpdesk.evaluation.runs import Purpose, StoredRun

DEFAULT_TOP_K = 10
AMOUNTS = ("seconds", "input_tokens", "output_tokens", "cost")


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
    code of why there is no answer. citations, passages: only of a run that was just made; history has answer_id."""

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
    citations: tuple[Citation, ...] = ()
    passages: tuple[PassageLineage, ...] = ()


@dataclass(frozen=True)
class AnswerRun:
    """variant: what was asked, as names and numbers. fingerprint: of all that decides the result. missing: in words,
    what of the set could not be asked. cancelled: it ended early, `results` are those until then."""

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

    @property
    def metrics(self) -> dict[str, Interval]:
        """Over the questions, with their intervals. right: of all; answered_right: of the answerable ones;
        refused_right: of the others. seconds, input_tokens, output_tokens, cost: means of one answer."""
        judged = [each for each in self.results if each.right is not None]
        found = {
            "right": _share(judged),
            "answered_right": _share([each for each in judged if each.answerable]),
            "refused_right": _share([each for each in judged if not each.answerable]),
            "similarity": mean([each.similarity for each in self.results if each.similarity is not None]),
            "grounded": mean([each.grounded for each in self.results if each.grounded is not None]),
            **{name: mean(list(self.by_question(name).values())) for name in AMOUNTS},
        }
        return {name: interval for name, interval in found.items() if interval is not None}

    def beside(self, other: AnswerRun) -> bool:
        """Whether both were asked in the same span of time: only then may their times be compared, since a machine and
        a model's server are busier at one hour than at another."""
        return self.started_at < other.finished_at and other.started_at < self.finished_at

    def by_question(self, figure: str) -> dict[str, float]:
        """One figure of each question that has it: right, answered, similarity, grounded, seconds, input_tokens,
        output_tokens or cost."""
        values = {each.question_id: getattr(each, figure) for each in self.results}
        return {question: float(value) for question, value in values.items() if value is not None}

    def stored(self, purpose: Purpose, reason: str = "") -> StoredRun:
        """As the history keeps it."""
        return StoredRun(
            kind="answer",
            purpose=purpose,
            set_name=self.set_name,
            set_version=self.set_version,
            variant={**self.variant, "currency": self.currency, "missing": self.missing},
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
    )


def _share(results: Sequence[AnswerResult]) -> Interval | None:
    return share(sum(bool(each.right) for each in results), len(results))


def _kept(result: AnswerResult) -> dict[str, Any]:
    values = vars(replace(result, citations=(), passages=()))
    del values["citations"], values["passages"]
    answer_id = str(result.answer_id) if result.answer_id else None
    return {**values, "cited": list(result.cited), "cost": str(result.cost), "answer_id": answer_id}


def _result(values: Mapping[str, Any]) -> AnswerResult:
    answer_id = values["answer_id"]
    return AnswerResult(
        **{
            **values,
            "cited": tuple(values["cited"]),
            "cost": Decimal(values["cost"]),
            "answer_id": UUID(answer_id) if answer_id else None,
        }
    )
