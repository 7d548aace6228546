"""From what customers asked to questions for evaluation: drafted without personal data, kept once a person has looked
at each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from components.core.errors import InvalidEvaluationSet, InvalidInput
from components.core.tenant import TenantContext
from components.database.session import Database
from components.helpdesk.evaluation.asked_questions import AskedQuestion, asked_in_conversations, asked_with_ratings
from components.helpdesk.evaluation.beir import EvaluationSet, set_version
from components.helpdesk.evaluation.personal_data import PersonalDataRemover, RuleBasedRemover, known_of
from components.helpdesk.evaluation.sets import EvaluationSets

MOST_DRAFTED = 500
_LOOKED_AT = 3  # Documents, those that were found first.


@dataclass(frozen=True)
class DraftQuestion:
    """A candidate. qrels: documents suggested as answering, for the reviewer to judge; empty suggests that nothing
    does. look_at: documents that were found where a person answered, and may answer it. expected: what an agent said,
    where one did. why: where the suggestion comes from."""

    candidate_id: str
    question: str
    qrels: Mapping[str, int]
    expected: str | None
    why: str
    conversation_id: UUID | None
    answer_id: UUID
    look_at: tuple[str, ...] = ()


@dataclass(frozen=True)
class EvaluationDraft:
    """Questions that wait for a reviewer. repeated: how many were left out for being asked before in the same words."""

    kind: Literal["conversations", "ratings"]
    since: datetime
    until: datetime
    questions: tuple[DraftQuestion, ...]
    repeated: int


@dataclass(frozen=True)
class Decision:
    """A reviewer's, on one candidate. question, qrels, expected: other than suggested, where given; qrels without a
    document says that the knowledge does not answer it."""

    keep: bool
    question: str | None = None
    qrels: Mapping[str, int] | None = None
    expected: str | None = None


class EvaluationDrafts:
    """Drafts are values, which their holder keeps; only what was accepted is stored."""

    def __init__(self, database: Database, sets: EvaluationSets, remover: PersonalDataRemover | None = None) -> None:
        self._database, self._sets = database, sets
        self._remover = remover or RuleBasedRemover()

    def draft_from_conversations(
        self, tenant: TenantContext, since: datetime, until: datetime, limit: int = 100
    ) -> EvaluationDraft:
        """From conversations that ended in this time with an answer or with a person's help, the newest first. Raises
        InvalidInput."""
        _check_range(since, until, limit)
        with self._database.tenant(tenant) as session:
            asked = asked_in_conversations(session, since, until, limit)
        return self._drafted("conversations", since, until, asked)

    def draft_from_ratings(
        self, tenant: TenantContext, since: datetime, until: datetime, limit: int = 100
    ) -> EvaluationDraft:
        """From answers that got a thumb, or whose conversation got stars. What an approved answer cites is suggested;
        a disapproved one suggests nothing but to look. Raises InvalidInput."""
        _check_range(since, until, limit)
        with self._database.tenant(tenant) as session:
            asked = asked_with_ratings(session, since, until, limit)
        return self._drafted("ratings", since, until, asked)

    def accept(
        self,
        tenant: TenantContext,
        draft: EvaluationDraft,
        decisions: Mapping[str, Decision],
        reviewer: str,
        *,
        name: str,
        note: str = "",
    ) -> EvaluationSet:
        """Stores what the reviewer keeps as a version of the set `name`, with what the set has already. A candidate
        without a decision stays out. Raises InvalidInput, InvalidEvaluationSet where nothing is kept."""
        reviewer, name = reviewer.strip(), name.strip()
        if not reviewer or not name:
            raise InvalidInput(f"reviewer={reviewer!r}, name={name!r}: both are needed", field="reviewer")
        candidates = {each.candidate_id: each for each in draft.questions}
        unknown = sorted(decisions.keys() - candidates.keys())
        if unknown:
            raise InvalidInput(f"decision on {unknown[0]!r}: the draft has no such candidate", field="decisions")
        kept = {key: decision for key, decision in decisions.items() if decision.keep}
        if not kept:
            raise InvalidEvaluationSet(f"{name}: no question of the draft was kept", field="decisions")
        accepted = self._with_earlier(tenant, name, [self._judged(candidates[key], kept[key]) for key in kept])
        self._sets.store(tenant, accepted, kind=draft.kind, author=reviewer, note=note.strip(), reviewed_by=reviewer)
        return accepted

    def _judged(self, candidate: DraftQuestion, decision: Decision) -> DraftQuestion:
        question = candidate.question if decision.question is None else self._remover.remove(decision.question.strip())
        expected = candidate.expected if decision.expected is None else self._remover.remove(decision.expected.strip())
        if not question:
            raise InvalidInput(f"{candidate.candidate_id}: a question that is kept needs words", field="question")
        qrels = candidate.qrels if decision.qrels is None else decision.qrels
        return DraftQuestion(
            candidate.candidate_id,
            question,
            {document: grade for document, grade in qrels.items() if grade > 0},
            expected or None,
            candidate.why,
            candidate.conversation_id,
            candidate.answer_id,
        )

    def _with_earlier(self, tenant: TenantContext, name: str, accepted: Sequence[DraftQuestion]) -> EvaluationSet:
        earlier = EvaluationSet(name, "", {}, {})
        if any(each.name == name for each in self._sets.versions(tenant)):
            earlier = self._sets.get(tenant, name)
        keys = {each.candidate_id for each in accepted}
        queries = {**earlier.queries, **{each.candidate_id: each.question for each in accepted}}
        qrels = {key: dict(grades) for key, grades in earlier.qrels.items() if key not in keys}
        qrels |= {each.candidate_id: dict(each.qrels) for each in accepted if each.qrels}
        expected = {key: text for key, text in earlier.expected.items() if key not in keys}
        expected |= {each.candidate_id: each.expected for each in accepted if each.expected}
        provenance = {**earlier.provenance, **{each.candidate_id: _origin(each) for each in accepted}}
        return EvaluationSet(name, set_version(queries, qrels, expected), queries, qrels, expected, provenance)

    def _drafted(
        self,
        kind: Literal["conversations", "ratings"],
        since: datetime,
        until: datetime,
        asked: Sequence[AskedQuestion],
    ) -> EvaluationDraft:
        questions: dict[str, DraftQuestion] = {}
        for each in asked:
            known = known_of(each.customer)
            question = self._remover.remove(each.question, known).strip()
            if question:
                questions.setdefault(" ".join(question.lower().split()), self._candidate(each, question, known))
        return EvaluationDraft(kind, since, until, tuple(questions.values()), len(asked) - len(questions))

    def _candidate(self, asked: AskedQuestion, question: str, known: set[str]) -> DraftQuestion:
        suggested = asked.cited if asked.approved is not False else ()
        answered_by_person = not suggested and asked.agent_said is not None
        return DraftQuestion(
            candidate_id=asked.answer_id.hex[:12],
            question=question,
            qrels=dict.fromkeys(suggested, 1),
            expected=self._remover.remove(asked.agent_said, known).strip() if asked.agent_said else None,
            why=asked.why,
            conversation_id=asked.conversation_id,
            answer_id=asked.answer_id,
            look_at=asked.found[:_LOOKED_AT] if answered_by_person else (),
        )


def _origin(accepted: DraftQuestion) -> dict[str, str]:
    conversation = {} if accepted.conversation_id is None else {"conversation_id": str(accepted.conversation_id)}
    return {**conversation, "answer_id": str(accepted.answer_id), "why": accepted.why}


def _check_range(since: datetime, until: datetime, limit: int) -> None:
    if since.tzinfo is None or until.tzinfo is None or since >= until:
        raise InvalidInput(
            f"since={since}, until={until}: two moments with a time zone, the earlier first", field="since"
        )
    if since > datetime.now(UTC):
        raise InvalidInput(f"since={since}: it lies in the future, and nothing was asked then", field="since")
    if not 1 <= limit <= MOST_DRAFTED:
        raise InvalidInput(f"limit={limit}: 1 to {MOST_DRAFTED} are allowed", field="limit")
