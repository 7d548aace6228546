"""When people are at work: what every clock of handovers and tickets runs by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from components.helpdesk.tenant_config import HandoverConfig, Weekday

_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# A tenant that is closed for longer than this is closed for good.
FURTHEST_DAYS = 400


@dataclass(frozen=True)
class BusinessHours:
    """Opening times of one tenant. Moments that come and go carry a time zone; those returned are in UTC."""

    config: HandoverConfig

    def is_open(self, at: datetime) -> bool:
        """The first minute of a span is open, the last one's end is not."""
        return self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime | None:
        """`at` itself where it is open; None where it does not open within 400 days."""
        for start, end in self._spans(at):
            if at < end:
                return max(at, start).astimezone(UTC)
        return None

    def after(self, at: datetime, open_time: timedelta) -> datetime | None:
        """When so much open time has passed since `at`; None where it does not within 400 days."""
        left = open_time
        for start, end in self._spans(at):
            begin = max(at, start)
            if begin >= end:
                continue
            if left <= end - begin:
                return (begin + left).astimezone(UTC)
            left -= end - begin
        return None

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much open time lies between; none where `end` is first."""
        passed = timedelta()
        for opens, closes in self._spans(start):
            if opens >= end:
                break
            passed += max(min(closes, end) - max(opens, start), timedelta())
        return passed

    def open_spans(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """Opening times that reach into the time between, in order, whole ones, in UTC."""
        found: list[tuple[datetime, datetime]] = []
        window = start
        while window < end:
            found += [span for span in self._spans(window) if span[1] > start and span[0] < end]
            window += timedelta(days=FURTHEST_DAYS)
        return sorted(set(found))

    def _spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Opening times from the day of `since` on, in UTC, in order: there a day with a change of clocks is as long
        as it is."""
        if self.config.hours is None:
            yield since.astimezone(UTC) - timedelta(days=1), since.astimezone(UTC) + timedelta(days=FURTHEST_DAYS)
            return
        zone = ZoneInfo(self.config.time_zone)
        today = since.astimezone(zone).date()
        for offset in range(FURTHEST_DAYS):
            day = today + timedelta(days=offset)
            if day in self.config.holidays:
                continue
            for span in self.config.hours.get(_DAYS[day.weekday()], ()):
                start, _, end = span.partition("-")
                yield _moment(day, start, zone), _moment(day, end, zone)


def _moment(day: date, clock: str, zone: ZoneInfo) -> datetime:
    if clock == "24:00":
        day, clock = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(clock), zone).astimezone(UTC)
