"""What customers come with, and what the knowledge does not answer, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from components.core.answers import Reason
from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.reports.deflection import COUNTS, Deflection, counts_of, deflection_of
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.ratings import STARS, average_stars
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.selection import ANSWERS, ENDED, Grouping

REASONS: Mapping[Reason, str] = MappingProxyType(
    {
        "not_indexed": "Nothing of the tenant's knowledge was indexed at the time.",
        "not_retrieved": "The search found no passage at all: the knowledge says nothing about it, or in other words.",
        "low_confidence": "Passages were found, and none was surely about the question: probably a gap.",
        "retrieved_unused": "Passages were found, and the answer could quote none of them.",
        "unsupported": "A language model's answer was not carried by the passages that it cited, and was not shown.",
        "budget": "The language models' budget was used up: passages were quoted instead of an answer written.",
        "provider_down": "No language model answered in time: passages were quoted instead of an answer written.",
    }
)
"""What each reason of an answer's lineage means, for people who look after the helpdesk."""

_RATED = """
    , count(*) FILTER (rating = 1) AS s1, count(*) FILTER (rating = 2) AS s2, count(*) FILTER (rating = 3) AS s3,
    count(*) FILTER (rating = 4) AS s4, count(*) FILTER (rating = 5) AS s5
"""
_INTENTS = (
    "FROM chosen SELECT grouped, "
    + COUNTS
    + _RATED
    + " GROUP BY grouped ORDER BY total_sessions DESC, grouped LIMIT $limit"
)
_REASONS = """
    FROM chosen SELECT reason, count(*) FILTER (NOT answered) AS refused, count(*) FILTER (answered) AS poorer
    WHERE reason IS NOT NULL GROUP BY reason ORDER BY refused DESC, poorer DESC, reason
"""
_ANSWERED = """
    count(*) AS asked, count(*) FILTER (answered) AS answered, count(*) FILTER (NOT answered) AS refused,
    count(*) FILTER (answered AND reason IS NOT NULL) AS poorer
"""
_TOTAL = "FROM chosen SELECT " + _ANSWERED
_GROUPED = "FROM chosen SELECT grouped, " + _ANSWERED + " GROUP BY grouped ORDER BY "
_WITH_TOPICS = ", topics AS (FROM conversations SELECT tenant_id, conversation_id, intent) "
_BY_INTENT = (
    _WITH_TOPICS
    + "FROM chosen LEFT JOIN topics USING (tenant_id, conversation_id) SELECT coalesce(topics.intent, '') AS grouped, "
    + _ANSWERED
    + " GROUP BY ALL ORDER BY refused DESC, grouped LIMIT $limit"
)


@dataclass(frozen=True)
class IntentFigures:
    """Conversations that ended in the period and began with this intent. average_rating: stars, of the rated ones."""

    intent: str
    outcome: Deflection
    rated: int
    average_rating: Interval | None


@dataclass(frozen=True)
class ReasonFigures:
    """Answers given in the period. refused: the customer was told that the helpdesk does not know. poorer: quoted,
    though a language model was to be had."""

    reason: str
    explanation: str
    refused: int
    poorer: int


@dataclass(frozen=True)
class AnswerFigures:
    """Questions put to the knowledge in the period. key, label: of the group, both empty for all. poorer: of those
    answered, the ones quoted though a language model was to be had."""

    key: str
    label: str
    asked: int
    answered: int
    refused: int
    poorer: int
    answered_share: Interval | None


def top_intents(reader: ReportReader, filters: Filters, limit: int = 20) -> Sequence[IntentFigures]:
    """The most frequent ones with what became of them; `filters.NONE` is one: none was understood."""
    found = []
    for row in reader.rows(ENDED, filters, _INTENTS, by="intent", limit=limit):
        stars = {each: row[f"s{each}"] for each in STARS if row[f"s{each}"]}
        outcome = deflection_of(counts_of(row), row["grouped"], reader.label("intent", row["grouped"]))
        found.append(IntentFigures(row["grouped"], outcome, sum(stars.values()), average_stars(stars)))
    return found


def reasons(reader: ReportReader, filters: Filters) -> Sequence[ReasonFigures]:
    """Why questions were refused or answered by quotation, the most frequent first."""
    explained: Mapping[str, str] = {str(reason): text for reason, text in REASONS.items()}
    return [
        ReasonFigures(row["reason"], explained.get(row["reason"], ""), row["refused"], row["poorer"])
        for row in reader.rows(ANSWERS, filters, _REASONS)
    ]


def answers(reader: ReportReader, filters: Filters) -> AnswerFigures:
    """Of all questions put to the knowledge in the period."""
    row = reader.one(ANSWERS, filters, _TOTAL)
    return _answers(row, "", "")


def answers_by(reader: ReportReader, filters: Filters, by: Grouping, limit: int = 50) -> Sequence[AnswerFigures]:
    """The same by group: days in order; intents, which are the conversation's, by how many questions were refused, at
    most `limit`; else the largest group first."""
    if by == "intent":
        rows = reader.rows(ANSWERS, filters, _BY_INTENT, limit=limit)
    else:
        rows = reader.rows(ANSWERS, filters, _GROUPED + ("grouped" if by == "day" else "asked DESC, grouped"), by=by)
    return [_answers(row, row["grouped"], reader.label(by, row["grouped"])) for row in rows]


def _answers(row: Mapping[str, int], key: str, label: str) -> AnswerFigures:
    asked, answered, refused, poorer = (row[name] for name in ("asked", "answered", "refused", "poorer"))
    return AnswerFigures(key, label, asked, answered, refused, poorer, share(answered, asked))
