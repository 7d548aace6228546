"""How much the bot took off people's hands, and how much of it is known to have helped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.outcome_figures import OutcomeCounts
from components.helpdesk.reports.filters import NONE, Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import ENDED, STARTED, Grouping

COUNTS = """
    count(*) AS total_sessions,
    count(*) FILTER (result = 'contained') AS contained,
    count(*) FILTER (result = 'verified') AS verified,
    count(*) FILTER (result = 'handed_over') AS handed_over,
    count(*) FILTER (result = 'handed_over' AND verified) AS handed_over_verified,
    count(*) FILTER (result = 'abandoned') AS abandoned
"""
_TOTAL = "FROM chosen SELECT " + COUNTS
_GROUPED = "FROM chosen SELECT grouped, " + COUNTS + " GROUP BY grouped ORDER BY "
_BY_SIZE = _GROUPED + "count(*) DESC, grouped"
_BY_KEY = _GROUPED + "grouped"


@dataclass(frozen=True)
class Deflection:
    """Conversations that ended, and what became of them as shares of all that ended. key, label: of the group, both
    empty for all. deflection_share: contained and verified together, as the design has it."""

    key: str
    label: str
    counts: OutcomeCounts
    deflection_share: Interval | None
    contained_share: Interval | None
    verified_share: Interval | None
    handed_over_share: Interval | None
    abandoned_share: Interval | None


def deflection(reader: ReportReader, filters: Filters) -> Deflection:
    """Of all conversations that ended in the period."""
    return deflection_of(counts_of(reader.one(ENDED, filters, _TOTAL)))


def deflection_by(reader: ReportReader, filters: Filters, by: Grouping) -> Sequence[Deflection]:
    """The same by group: days in order, else the largest group first. A day without conversations is not among them."""
    rows = reader.rows(ENDED, filters, _BY_KEY if by == "day" else _BY_SIZE, by=by)
    return [deflection_of(counts_of(row), row["grouped"], reader.label(by, row["grouped"])) for row in rows]


def open_conversations(reader: ReportReader, filters: Filters) -> int:
    """Begun in the period and open now."""
    return int(reader.one(STARTED, filters, "SELECT count(*) AS open FROM chosen WHERE result = 'open'")["open"])


def counts_of(row: Row) -> OutcomeCounts:
    """Of a row that COUNTS has selected."""
    return OutcomeCounts(*(int(row[name]) for name in OutcomeCounts.__dataclass_fields__))


def deflection_of(counts: OutcomeCounts, key: str = NONE, label: str = "") -> Deflection:
    """The shares with their intervals."""
    parts = (counts.bot_resolved, counts.contained, counts.verified, counts.handed_over, counts.abandoned)
    return Deflection(key, label, counts, *(share(part, counts.total_sessions) for part in parts))
