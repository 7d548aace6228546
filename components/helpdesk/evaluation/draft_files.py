"""A draft as a person reviews it: a YAML file in which each question gets `keep: true` or `keep: false`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from components.core.errors import InvalidInput
from components.helpdesk.evaluation.drafting import Decision, DraftQuestion, EvaluationDraft

LONGEST_FILE = 2_000_000
_HEAD = (
    "# Say of each question keep: true or keep: false; what says neither stays out. Change the question, and the\n"
    "# documents that answer it (none: the knowledge does not), and what a good answer says, where you know better.\n"
    "# look_at: documents that were found where a person answered; move those that answer it to documents, with 1.\n"
    "# Personal data was removed by rules: look for what they missed.\n"
)


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str
    keep: bool | None = None
    question: str
    documents: dict[str, int] = Field(default_factory=dict)
    look_at: list[str] = Field(default_factory=list)
    expected: str | None = None
    why: str = ""
    conversation_id: UUID | None = None
    answer_id: UUID


class _Draft(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(pattern="^(conversations|ratings)$")
    since: datetime
    until: datetime
    questions: list[_Question]


def write_draft_file(draft: EvaluationDraft) -> str:
    """What `read_draft_file` reads back."""
    content = {
        "kind": draft.kind,
        "since": draft.since.isoformat(),
        "until": draft.until.isoformat(),
        "questions": [_written(each) for each in draft.questions],
    }
    return _HEAD + str(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110))


def read_draft_file(text: str, name: str = "the file") -> tuple[EvaluationDraft, dict[str, Decision]]:
    """The draft, and a decision on each question that says keep. Raises InvalidInput naming file and key."""
    if len(text) > LONGEST_FILE:
        raise InvalidInput(f"{name} has over {LONGEST_FILE} characters: so many are allowed", field="file")
    try:
        read = _Draft.model_validate(yaml.safe_load(text))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InvalidInput(f"{name}, {place}: {first['msg']}", field="file") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidInput(f"{name}: {error}", field="file") from error
    questions = tuple(
        DraftQuestion(
            each.id,
            each.question,
            each.documents,
            each.expected,
            each.why,
            each.conversation_id,
            each.answer_id,
            tuple(each.look_at),
        )
        for each in read.questions
    )
    decisions = {
        each.id: Decision(each.keep, each.question, each.documents, each.expected or "")
        for each in read.questions
        if each.keep is not None
    }
    kind: Any = read.kind
    return EvaluationDraft(kind, read.since, read.until, questions, 0), decisions


def _written(each: DraftQuestion) -> Mapping[str, Any]:
    return {
        "id": each.candidate_id,
        "keep": None,
        "question": each.question,
        "documents": dict(each.qrels),
        "look_at": list(each.look_at),
        "expected": each.expected,
        "why": each.why,
        "conversation_id": str(each.conversation_id) if each.conversation_id else None,
        "answer_id": str(each.answer_id),
    }
