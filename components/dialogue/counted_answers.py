"""Answers given in conversations, counted as those of every other channel are."""

from __future__ import annotations

from time import perf_counter
from typing import Any, Protocol

from components.core.answers import Reason
from components.core.errors import IndexUnavailable
from components.core.tenant import TenantContext
from components.dialogue.conversation_ports import Answerer
from components.helpdesk.answered_question import AnsweredQuestion


class AnswerCounts(Protocol):
    """Who counts answers. Thread-safe."""

    def count_answer(self, tenant: TenantContext, channel: str, answered: AnsweredQuestion, seconds: float) -> None:
        """A question ended after `seconds` with this."""
        ...

    def count_unanswered(self, tenant: TenantContext, channel: str, reason: Reason) -> None:
        """A question had no answer at all."""
        ...


class CountedAnswers:
    """An Answerer that tells `counts` of what another one answers."""

    def __init__(self, answering: Answerer, counts: AnswerCounts) -> None:
        self._answering, self._counts = answering, counts

    def answer(self, tenant: TenantContext, question: str, *, channel: str = "api", **options: Any) -> AnsweredQuestion:
        """As the other one's, which it raises as well."""
        started = perf_counter()
        try:
            answered = self._answering.answer(tenant, question, channel=channel, **options)
        except IndexUnavailable:
            self._counts.count_unanswered(tenant, channel, "not_indexed")
            raise
        self._counts.count_answer(tenant, channel, answered, perf_counter() - started)
        return answered
