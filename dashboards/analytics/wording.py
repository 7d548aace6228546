"""Figures, durations, days and outcomes as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from components.core.money_text import money_text
from components.helpdesk.evaluation.intervals import Interval
from components.helpdesk.outcome_rules import OutcomeResult
from components.helpdesk.reports.filters import Filters
from dashboards.chart_frame import told
from dashboards.clock import days_text

RESULTS: Mapping[OutcomeResult, str] = MappingProxyType(
    {"verified": "verified", "contained": "contained", "handed_over": "handed over", "abandoned": "abandoned"}
)
NOTHING = "–"
_NAMES = {"channels": "channel", "intents": "topic", "models": "model"}
_STEPS = ((2 * 86400, 86400, "days"), (3600, 3600, "h"), (60, 60, "min"))


def in_words(key: str) -> str:
    """A name of the machine's: asked_for_a_person."""
    return key.replace("_", " ")


def period_text(filters: Filters) -> str:
    """Such as: 1 to 30 November 2026, channel web."""
    return ", ".join([days_text(filters.since, filters.until), *narrowed_text(filters)])


def narrowed_text(filters: Filters) -> list[str]:
    """What is chosen beside the days."""
    return [
        f"{_NAMES[name]} {' or '.join(in_words(value) or 'none' for value in values)}"
        for name, values in filters.narrowed().items()
    ]


def duration(seconds: float | None) -> str:
    if seconds is None:
        return NOTHING
    for least, size, name in _STEPS:
        if abs(seconds) >= least:
            return f"{seconds / size:.1f} {name}"
    if abs(seconds) < 1:
        return f"{1000 * seconds:.0f} ms"
    return f"{seconds:.1f} s" if abs(seconds) < 10 else f"{seconds:.0f} s"


def amount(value: float | None, unit: str) -> str:
    """unit: as a Headline has it."""
    if value is None:
        return NOTHING
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit == "seconds":
        return duration(value)
    if unit == "stars":
        return f"{value:.2f} stars"
    return told(value) if unit == "conversations" else money(value, unit)


def money(value: float | None, currency: str) -> str:
    """currency: empty where no price is declared."""
    if value is None:
        return NOTHING
    return money_text(value, currency or ("of an unnamed currency" if value else ""))


def span(interval: Interval | None, unit: str = "share") -> str:
    """From … to, at 95 %."""
    if interval is None:
        return NOTHING
    return f"{amount(interval.low, unit)} to {amount(interval.high, unit)}"


def percent(interval: Interval | None) -> float | None:
    return None if interval is None else 100 * interval.value


def percents(interval: Interval | None) -> tuple[float, float] | None:
    return None if interval is None else (100 * interval.low, 100 * interval.high)
