"""A clock that tests set, and the configuration of a helpdesk that is open from nine to five."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

# A Monday; Vienna is one hour ahead of UTC.
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
OFFICE: dict[str, Any] = {
    "handover": {
        "time_zone": "Europe/Vienna",
        "hours": {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")},
        "reopen_hours": 48,
    },
    "slas": {
        "normal": {"first_response": 60, "resolution": 480},
        "urgent": {"first_response": 15, "resolution": 120},
        "low": {"resolution": 2400},
    },
}


def monday(hours: float, days: int = 0) -> datetime:
    """So many hours after Monday's midnight in Vienna, and days later."""
    return MONDAY - timedelta(hours=1) + timedelta(days=days, hours=hours)


@dataclass
class Clock:
    """`Tickets` asks it for the moment."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def to(self, moment: datetime) -> None:
        """Then it is that moment."""
        self.now = moment
