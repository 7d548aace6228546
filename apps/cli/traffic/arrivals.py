"""Who comes when: a day's customers, the same for the same seed whatever other days are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from random import Random
from typing import TypeVar
from uuid import UUID, uuid5

from apps.cli.traffic.script import Script
from components.core.tenant import Tenant
from components.helpdesk.tenant_config import Weekday

_DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# What a day differs by from another of its kind.
_SPREAD = 0.15

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Arrival:
    """One customer. domain: the tenant's. mark: names them in their conversation's values. of_day: their number on
    that day, from 1. upset: they come for what has gone wrong that day."""

    conversation_id: UUID
    domain: str
    mark: str
    day: date
    of_day: int
    at: datetime
    upset: bool

    def chance(self) -> Random:
        """All that happens to them by chance."""
        return Random(f"{self.domain}/{self.mark}")  # noqa: S311 - a simulation


def arrivals_of(script: Script, tenant: Tenant, day: date, zone: tzinfo, *, seed: int, per_day: int) -> list[Arrival]:
    """By time. per_day: of an average day of the week."""
    chance = Random(f"{seed}/{tenant.domain}/{day}")  # noqa: S311
    usual = sum(script.weekdays.values()) / 7
    busy = script.weekdays.get(weekday_of(day), 0.0) / usual if usual else 0.0
    many = round(per_day * busy * chance.uniform(1 - _SPREAD, 1 + _SPREAD))
    moments = [(_moment(chance, script.hours), False) for _ in range(many)]
    incident = script.of(tenant.domain).incident
    if incident is not None and is_incident(script, tenant.domain, day):
        hours = [weight if incident.begins <= hour < incident.begins + incident.hours else 0.0
                 for hour, weight in enumerate(script.hours)]  # fmt: skip
        share = sum(hours) / sum(script.hours)
        more = round(per_day * share * (incident.times - 1))
        moments += [(_moment(chance, hours), True) for _ in range(more)]
    midnight = datetime.combine(day, time(), zone)
    made = []
    for number, (seconds, upset) in enumerate(moments, 1):
        mark = f"{seed}/{day}/{number}"
        at = midnight + timedelta(seconds=seconds)
        conversation_id = uuid5(tenant.tenant_id, f"traffic/{mark}")
        made.append(Arrival(conversation_id, tenant.domain, mark, day, number, at, upset))
    return sorted(made, key=lambda each: (each.at, each.of_day))


def is_incident(script: Script, domain: str, day: date) -> bool:
    """Whether it is a bad day."""
    incident = script.of(domain).incident
    if incident is None or weekday_of(day) != incident.weekday:
        return False
    return (day.toordinal() // 7) % incident.every_weeks == 0


def weekday_of(day: date) -> Weekday:
    return _DAYS[day.weekday()]


def one_of(chance: Random, weights: Mapping[Choice, float]) -> Choice:
    """One of the keys, by their weights."""
    return chance.choices(list(weights), list(weights.values()))[0]


def _moment(chance: Random, hours: list[float] | tuple[float, ...]) -> float:
    """Seconds of the day."""
    hour: int = chance.choices(range(24), hours)[0]
    return hour * 3600 + chance.uniform(0, 3599)
