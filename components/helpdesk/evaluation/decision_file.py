"""A reviewer's decisions as a file: the draft is written to be edited, and read again with what was decided."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from components.core.errors import InvalidInput
from components.helpdesk.evaluation.drafting import Decision, EvaluationDraft


class _Entry(BaseModel):
    """One candidate. why: of the draft, and not read."""

    model_config = ConfigDict(extra="forbid")

    keep: bool
    question: str | None = None
    documents: list[str] | None = None
    expected: str | None = None
    why: str = ""


class _File(RootModel[dict[str, _Entry]]):
    """Candidate id -> what was decided on it."""


def write_decisions(draft: EvaluationDraft, path: Path) -> None:
    """Every candidate, none kept yet: whoever reviews sets `keep`, and mends question and documents where they are not
    right. Raises OSError."""
    entries = {
        each.candidate_id: {
            "keep": False,
            "question": each.question,
            "documents": list(each.qrels),
            "expected": each.expected,
            "why": each.why,
        }
        for each in draft.questions
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entries, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_decisions(path: Path) -> dict[str, Decision]:
    """Raises InvalidInput naming the file, the candidate and what is allowed."""
    try:
        entries = _File.model_validate_json(path.read_bytes()).root
    except OSError as error:
        raise InvalidInput(f"{path}: {error.strerror}", field="decisions") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = " > ".join(map(str, first["loc"])) or "the file"
        raise InvalidInput(f"{path}: {place}: {first['msg']}", field="decisions") from error
    return {
        key: Decision(
            keep=entry.keep,
            question=entry.question,
            qrels=None if entry.documents is None else dict.fromkeys(entry.documents, 1),
            expected=entry.expected,
        )
        for key, entry in entries.items()
    }
