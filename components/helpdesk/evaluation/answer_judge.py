"""A language model's opinion of an answer: does it follow from its passages, and do they hold what was asked for?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from haystack.components.evaluators import ContextRelevanceEvaluator, FaithfulnessEvaluator
from haystack.components.evaluators.llm_evaluator import LLMEvaluator
from haystack.components.generators.chat.types import ChatGenerator
from pydantic import BaseModel, model_validator

from components.core.answers import GenerationTrace, Passage
from components.core.errors import HelpdeskError
from components.models.markdown_text import plain_text
from components.retrieval.grounding.citations import without_marks
from components.retrieval.grounding.trusted_text import trusted_passage

MOST_DOUBTED, LONGEST_STATEMENT = 10, 300


class Statements(BaseModel):
    """What FaithfulnessEvaluator asks for."""

    statements: list[str]
    statement_scores: list[Literal[0, 1]]

    @model_validator(mode="after")
    def _each_judged(self) -> Statements:
        # Haystack counts an answer without a statement as 0: but a judge that finds none has judged nothing.
        if not self.statements or len(self.statements) != len(self.statement_scores):
            raise ValueError("one score for each of at least one statement is wanted")
        return self


class RelevantStatements(BaseModel):
    """What ContextRelevanceEvaluator asks for."""

    relevant_statements: list[str]


# A generator of JSON of this shape, on the tenant's account; what it spends is told.
MakeGenerator = Callable[[type[BaseModel], Callable[[GenerationTrace], None]], ChatGenerator]


@dataclass(frozen=True)
class Opinion:
    """faithfulness: share of the answer's statements that follow from its passages. context_relevance: 1 where these
    hold a sentence that the question needs, else 0. None: not judged; error: the code of why. doubted: statements that
    do not follow."""

    faithfulness: float | None
    context_relevance: float | None
    doubted: tuple[str, ...] = ()
    error: str | None = None


class AnswerJudge:
    """Haystack's FaithfulnessEvaluator and ContextRelevanceEvaluator on one model. Thread-safe; of use for one run, of
    which it adds up the cost."""

    def __init__(self, model: str, make_generator: MakeGenerator) -> None:
        self.model = model
        self._spent: list[GenerationTrace] = []
        # Where something goes wrong they raise, so that why is known and no prompt is logged.
        how: dict[str, Any] = {"progress_bar": False, "raise_on_failure": True}
        self._faithfulness = FaithfulnessEvaluator(chat_generator=make_generator(Statements, self._spent.append), **how)
        self._relevance = ContextRelevanceEvaluator(
            chat_generator=make_generator(RelevantStatements, self._spent.append), **how
        )

    @property
    def cost(self) -> Decimal:
        """So far, of whatever was said."""
        return sum((each.cost for each in self._spent), Decimal(0))

    @property
    def currency(self) -> str:
        """Of the cost; empty before there is any."""
        return self._spent[0].currency if self._spent else ""

    def judge(self, question: str, answer: str, passages: Sequence[Passage]) -> Opinion:
        """passages: that the answer was made of. What goes wrong at the model is part of the opinion."""
        contexts = [_shown(trusted_passage(each)) for each in passages]
        said = plain_text(without_marks(answer))
        faithful = _asked(self._faithfulness, questions=question, contexts=contexts, predicted_answers=said)
        relevant = _asked(self._relevance, questions=question, contexts=contexts)
        return Opinion(
            faithfulness=None if isinstance(faithful, str) else float(faithful["score"]),
            context_relevance=None if isinstance(relevant, str) else float(relevant["score"]),
            doubted=() if isinstance(faithful, str) else _doubted(faithful),
            error=next((each for each in (faithful, relevant) if isinstance(each, str)), None),
        )


def _asked(evaluator: LLMEvaluator, **inputs: Any) -> dict[str, Any] | str:
    """The result, or the code of the error instead."""
    try:
        found: dict[str, Any] = evaluator.run(**{name: [value] for name, value in inputs.items()})["results"][0]
    except ValueError as error:
        # The generator's own, which Haystack wraps.
        if not isinstance(error.__cause__, HelpdeskError):
            raise
        return error.__cause__.code
    return found


def _doubted(found: dict[str, Any]) -> tuple[str, ...]:
    pairs = zip(found["statements"], found["statement_scores"], strict=True)
    return tuple(statement[:LONGEST_STATEMENT] for statement, score in pairs if not score)[:MOST_DOUBTED]


def _shown(passage: Passage) -> str:
    """As the model that answers sees it."""
    return "\n".join(part for part in (passage.title, passage.section, passage.text) if part)
