"""What customers ask and the knowledge does not say, as the last search for it has found it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from components.database.tables import KnowledgeGapRow
from components.helpdesk.looks import GAPS, Look, looks_at


@dataclass(frozen=True)
class GapExample:
    """A question as a customer asked it, personal data taken out, and the refusal that it got."""

    text: str
    answer_id: UUID
    at: datetime


@dataclass(frozen=True)
class NearDocument:
    """similarity: cosine of its best passage with the middle of the questions."""

    document_id: str
    title: str
    section: str
    similarity: float


@dataclass(frozen=True)
class KnowledgeGap:
    """rank: 1 was asked most. trend: questions by week (its Monday, UTC). draft: Markdown, for a person to check.
    drafted_by: a language model, or `outline`."""

    rank: int
    label: str
    questions: int
    examples: tuple[GapExample, ...]
    trend: tuple[tuple[date, int], ...]
    nearest: tuple[NearDocument, ...]
    draft: str
    drafted_by: str


@dataclass(frozen=True)
class KnowledgeGaps:
    """looked_at: None where nobody has looked yet. Of the questions [since, until): unanswered, read (the newest of
    them), and alone, which no other one is like."""

    looked_at: datetime | None
    since: datetime | None
    until: datetime | None
    unanswered: int
    read: int
    alone: int
    gaps: tuple[KnowledgeGap, ...]


def gaps(session: Session) -> KnowledgeGaps:
    """Of the session's tenant."""
    rows = session.scalars(select(KnowledgeGapRow).order_by(KnowledgeGapRow.rank)).all()
    look = next(iter(looks_at(session, GAPS)), Look("", None, {}, None, None))
    figures: Mapping[str, Any] = look.figures
    since, until = (datetime.fromisoformat(figures[name]) if name in figures else None for name in ("since", "until"))
    unanswered, read, alone = (int(figures.get(name, 0)) for name in ("unanswered", "read", "alone"))
    return KnowledgeGaps(look.looked_at, since, until, unanswered, read, alone, tuple(map(_gap, rows)))


def _gap(row: KnowledgeGapRow) -> KnowledgeGap:
    return KnowledgeGap(
        row.rank,
        row.label,
        row.questions,
        tuple(
            GapExample(each["text"], UUID(each["answer_id"]), datetime.fromisoformat(each["at"]))
            for each in row.examples
        ),
        tuple((date.fromisoformat(each["week"]), each["questions"]) for each in row.trend),
        tuple(NearDocument(**each) for each in row.nearest),
        row.draft,
        row.drafted_by,
    )
