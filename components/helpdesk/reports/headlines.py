"""The figures that come first, each beside what it was in the period before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.reports.deflection import deflection
from components.helpdesk.reports.filters import Filters
from components.helpdesk.reports.handovers import handovers
from components.helpdesk.reports.ratings import ratings
from components.helpdesk.reports.reader import ReportReader
from components.helpdesk.reports.resolutions import resolutions
from components.helpdesk.reports.spending import spending, unit_costs
from components.helpdesk.reports.topics import answers

_Value = tuple[float | None, Interval | None]


@dataclass(frozen=True)
class Headline:
    """name: of its entry in DEFINITIONS. unit: share, conversations, seconds, stars, or a currency. now, before: in the
    period and in the one of the same length before it; None where there is nothing to tell. Intervals: of what has
    one."""

    name: str
    unit: str
    now: float | None
    before: float | None
    interval: Interval | None = None
    interval_before: Interval | None = None

    @property
    def change(self) -> float | None:
        """In the figure's own unit."""
        return None if self.now is None or self.before is None else self.now - self.before

    @property
    def is_clear(self) -> bool | None:
        """Whether the two differ by more than chance: their intervals do not meet. None where one has none."""
        if self.interval is None or self.interval_before is None:
            return None
        return self.interval.low > self.interval_before.high or self.interval.high < self.interval_before.low


def headlines(reader: ReportReader, filters: Filters) -> Sequence[Headline]:
    """In the order in which they are read; what models cost comes last, one figure a currency."""
    now, before = _told(reader, filters), _told(reader, filters.before())
    nothing: _Value = (None, None)
    found = []
    for name, unit in dict.fromkeys([*now, *before]):
        (value, interval), (value_before, interval_before) = (told.get((name, unit), nothing) for told in (now, before))
        found.append(Headline(name, unit, value, value_before, interval, interval_before))
    return found


def _told(reader: ReportReader, filters: Filters) -> dict[tuple[str, str], _Value]:
    outcome, waits = deflection(reader, filters), handovers(reader, filters)
    done, stars = resolutions(reader, filters), ratings(reader, filters)
    shares = {
        "deflection": outcome.deflection_share,
        "contained": outcome.contained_share,
        "verified": outcome.verified_share,
        "handed_over": outcome.handed_over_share,
        "abandoned": outcome.abandoned_share,
        "answered": answers(reader, filters).answered_share,
        "in_time": waits.in_time_share,
        "vip_in_time": waits.vip_in_time_share,
        "reopened": done.reopened_share,
    }
    told: dict[tuple[str, str], _Value] = {("conversations", "conversations"): (outcome.counts.total_sessions, None)}
    told |= {(name, "share"): _with_interval(found) for name, found in shares.items()}
    told["rating", "stars"] = _with_interval(stars.average)
    seconds = {"wait": waits.open_wait, "first_response": done.first_response, "resolution": done.resolution}
    told |= {(name, "seconds"): (found.median, None) for name, found in seconds.items()}
    for each in unit_costs(reader, filters):
        told["cost_per_answer", each.currency] = (each.per_answered, None)
        told["cost_per_conversation", each.currency] = (each.per_conversation, None)
    return told | {("cost", each.currency): (each.cost, None) for each in spending(reader, filters)}


def _with_interval(found: Interval | None) -> _Value:
    return (None if found is None else found.value), found
