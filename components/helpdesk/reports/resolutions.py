"""How soon customers are answered and done, how often it was not the end, and how tickets keep their times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval, share
from components.helpdesk.outcome_figures import Seconds
from components.helpdesk.reports.durations import seconds_columns, seconds_of
from components.helpdesk.reports.filters import NONE, Filters
from components.helpdesk.reports.reader import ReportReader, Row
from components.helpdesk.reports.selection import ENDED, TICKETS, Grouping

_FIGURES = f"""
    count(*) AS ended,
    count(*) FILTER (reopened > 0) AS reopened,
    {seconds_columns("first_response_seconds", "first_response")},
    {seconds_columns("resolution_seconds", "resolution")},
    {seconds_columns("resolution_seconds", "by_bot", "result IN ('contained', 'verified')")},
    {seconds_columns("resolution_seconds", "by_people", "result = 'handed_over'")}
"""
_TOTAL = "FROM chosen SELECT " + _FIGURES
_GROUPED = "FROM chosen SELECT grouped, " + _FIGURES + " GROUP BY grouped ORDER BY "


def _clock(name: str, kept: str) -> str:
    due, late = f"{name}_due IS NOT NULL", f"coalesce({name}_late, false)"
    return f"""
        count(*) FILTER ({late}) AS {name}_missed,
        count(*) FILTER ({due} AND NOT {late} AND {kept} IS NOT NULL) AS {name}_met,
        count(*) FILTER ({due} AND NOT {late} AND {kept} IS NULL) AS {name}_running,
        count(*) FILTER (NOT {late} AND NOT {due}) AS {name}_without
    """


_CLOCKS = f"{_clock('first_response', 'first_response_at')}, {_clock('resolution', 'resolved_at')}"
_TICKETS = "FROM chosen SELECT count(*) AS opened, " + _CLOCKS
_STATUSES = "FROM chosen SELECT coalesce(status, '') AS status, count(*) AS tickets GROUP BY ALL ORDER BY status"


@dataclass(frozen=True)
class Resolutions:
    """Of conversations that ended in the period. key, label: of the group, both empty for all. reopened: taken up again
    after they had been closed. first_response: of an agent, from when a person was asked for. resolution: from the
    first message to the end; by_bot, by_people: of those that the bot resolved, and that a person had. By the clock on
    the wall."""

    key: str
    label: str
    ended: int
    reopened: int
    reopened_share: Interval | None
    first_response: Seconds
    resolution: Seconds
    by_bot: Seconds
    by_people: Seconds


@dataclass(frozen=True)
class TicketClock:
    """One target of the tickets opened in the period. running: in time so far. without: those that have none.
    met_share: of those met or missed."""

    met: int
    missed: int
    running: int
    without: int
    met_share: Interval | None


@dataclass(frozen=True)
class TicketFigures:
    """Tickets opened in the period, by the status that they have now."""

    opened: int
    statuses: dict[str, int]
    first_response: TicketClock
    resolution: TicketClock


def resolutions(reader: ReportReader, filters: Filters) -> Resolutions:
    """Of all conversations that ended in the period."""
    return _resolutions(reader.one(ENDED, filters, _TOTAL))


def resolutions_by(reader: ReportReader, filters: Filters, by: Grouping) -> Sequence[Resolutions]:
    """The same by group: days in order, else the largest group first."""
    rows = reader.rows(ENDED, filters, _GROUPED + ("grouped" if by == "day" else "ended DESC, grouped"), by=by)
    return [_resolutions(row, row["grouped"], reader.label(by, row["grouped"])) for row in rows]


def tickets(reader: ReportReader, filters: Filters) -> TicketFigures:
    """Of all tickets opened in the period."""
    row = reader.one(TICKETS, filters, _TICKETS)
    statuses = {each["status"]: each["tickets"] for each in reader.rows(TICKETS, filters, _STATUSES)}
    return TicketFigures(
        row["opened"], statuses, _ticket_clock(row, "first_response"), _ticket_clock(row, "resolution")
    )


def _resolutions(row: Row, key: str = NONE, label: str = "") -> Resolutions:
    names = ("first_response", "resolution", "by_bot", "by_people")
    told = (seconds_of(row, name) for name in names)
    return Resolutions(key, label, row["ended"], row["reopened"], share(row["reopened"], row["ended"]), *told)


def _ticket_clock(row: Row, name: str) -> TicketClock:
    met, missed, running, without = (row[f"{name}_{part}"] for part in ("met", "missed", "running", "without"))
    return TicketClock(met, missed, running, without, share(met, met + missed))
