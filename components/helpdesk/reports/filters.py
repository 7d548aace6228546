"""Which days, and what of them, a figure is about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from components.core.errors import InvalidInput

MOST_DAYS = 3660
MOST_VALUES = 200
LONGEST_VALUE = 200
NONE = ""
"""In a list of values, and as the key of a group: rows that have none, such as conversations of which no intent was
understood."""


@dataclass(frozen=True)
class Filters:
    """Days of the tenant, both inclusive. channels, intents, models: only these, `NONE` standing for rows without;
    empty = all. What has no such column itself is chosen by its conversation's.

    Raises InvalidInput, naming value and what is allowed.
    """

    since: date
    until: date
    channels: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.since > self.until:
            raise InvalidInput(
                f"since={self.since} is after until={self.until}: a first day that is not after the last is allowed",
                field="since",
            )
        if self.days > MOST_DAYS:
            raise InvalidInput(
                f"since={self.since} until={self.until} are {self.days} days: at most {MOST_DAYS} are allowed",
                field="since",
            )
        for name in ("channels", "intents", "models"):
            _check(name, getattr(self, name))

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> Filters:
        """The period of the same length that ends where this one begins."""
        return replace(self, since=self.since - timedelta(days=self.days), until=self.since - timedelta(days=1))

    def narrowed(self) -> dict[str, tuple[str, ...]]:
        """The lists that choose something, by name."""
        lists = {"channels": self.channels, "intents": self.intents, "models": self.models}
        return {name: values for name, values in lists.items() if values}


def last_days(until: date, days: int) -> Filters:
    """So many days, of which `until` is the last. Raises InvalidInput."""
    if not 1 <= days <= MOST_DAYS:
        raise InvalidInput(f"days={days}: 1 to {MOST_DAYS} are allowed", field="days")
    return Filters(until - timedelta(days=days - 1), until)


def _check(name: str, values: tuple[str, ...]) -> None:
    if len(values) > MOST_VALUES:
        raise InvalidInput(f"{name}: {len(values)} values: at most {MOST_VALUES} are allowed", field=name)
    for value in values:
        if len(value) > LONGEST_VALUE or not value.isprintable():
            raise InvalidInput(
                f"{name}={value[:60]!r}: printable text of at most {LONGEST_VALUE} characters is allowed", field=name
            )
