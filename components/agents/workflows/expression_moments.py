"""Points in time in expressions: read, moved, and written as n8n's users know it from Luxon."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from components.agents.workflows.expression_values import Mistake, Moment, bounded, is_number, kind_of, text_of

_UNITS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds")
_FORMAT = re.compile(r"'[^']*'|yyyy|yy|MM|dd|HH|mm|ss|SSS|M|d|H|[A-Za-z]+")
_FORMATS = {
    "yyyy": "%Y", "yy": "%y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S",
}  # fmt: skip


def moment(value: str) -> Moment:
    """Of a text as ISO 8601 has it. Raises Mistake."""
    try:
        read = datetime.fromisoformat(value.strip())
    except ValueError:
        raise Mistake(f"{value[:40]!r} is no date: one such as 2026-03-09T14:30:00Z is expected") from None
    return Moment(read if read.tzinfo else read.replace(tzinfo=UTC))


def _span(given: Any, unit: Any = None) -> timedelta:
    parts = {unit: given} if unit is not None else given
    if not isinstance(parts, dict):
        raise Mistake(f"an object such as {{ days: 1 }} is expected, not {kind_of(parts)}")
    named = {name if str(name).endswith("s") else f"{name}s": amount for name, amount in parts.items()}
    wrong = next((name for name, amount in named.items() if name not in _UNITS or not is_number(amount)), None)
    if wrong is not None:
        raise Mistake(f"{wrong!r}: numbers of {', '.join(_UNITS)} are expected")
    try:
        return timedelta(**named)
    except OverflowError:
        raise Mistake("the time is too long") from None


def _moved(value: Moment, span: timedelta) -> Moment:
    try:
        return Moment(value.at + span)
    except OverflowError:
        raise Mistake("the time is too long") from None


def _pattern(wanted: Any) -> str:
    if not isinstance(wanted, str):
        raise Mistake(f"a text is expected, not {kind_of(wanted)}")
    return wanted


def _formatted(value: Moment, wanted: Any) -> str:
    def part(found: re.Match[str]) -> str:
        letters = found.group()
        if letters.startswith("'"):
            return letters[1:-1]
        if letters == "SSS":
            return f"{value.at.microsecond // 1000:03}"
        if letters in ("M", "d", "H"):
            return str({"M": value.at.month, "d": value.at.day, "H": value.at.hour}[letters])
        if letters not in _FORMATS:
            raise Mistake(f"{letters!r} is no part of a date: yyyy, MM, dd, HH, mm, ss and texts in '…' are")
        return value.at.strftime(_FORMATS[letters])

    return bounded(_FORMAT.sub(part, _pattern(wanted)))


MOMENT_METHODS: Mapping[str, Callable[..., Any]] = {
    "toISO": text_of,
    "toISOString": lambda value: value.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    "toISODate": lambda value: value.at.date().isoformat(),
    "toMillis": lambda value: int(value.at.timestamp() * 1000),
    "toSeconds": lambda value: int(value.at.timestamp()),
    "toFormat": _formatted,
    "plus": lambda value, given, unit=None: _moved(value, _span(given, unit)),
    "minus": lambda value, given, unit=None: _moved(value, -_span(given, unit)),
}
