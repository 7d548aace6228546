"""The numbers of a sentence with what they count, so that 90 minutes and an hour and a half are the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "night": 86400}
_MONTHS = {"month": 1, "year": 12}
_MONEY = {"€", "$", "£", "euro", "eur", "dollar", "usd", "pound", "gbp", "chf", "franc"}
_WORDS = {
    "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "fourteen": 14, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "ninety": 90,
}  # fmt: skip
_AGREED = 1e-6

_TIMES = "|".join([*_SECONDS, *_MONTHS, "min", "sec", "hr", "h"])
_UNIT = (
    r"(?:[\s-]*(?:working|business|opening|calendar|full|whole)?[\s-]*"
    rf"(?P<unit>%|per ?cent|{'|'.join(sorted(_MONEY))}|{_TIMES})(?:e?s)?(?![a-z]))?"
)
_QUANTITY = re.compile(
    r"(?:(?P<money>[€$£])?\s?(?<![\w.,])(?<![A-Za-z]-)(?P<number>\d{1,3}(?:[,\u202f\u00a0]\d{3})+(?:\.\d+)?|\d+(?:[.,]\d+)?)"
    rf"|\b(?P<word>{'|'.join(_WORDS)}|one(?=[\s-]+(?:working |business )?(?:{_TIMES})))\b"
    r"|\b(?P<single>an?|each|every|per)\b)" + _UNIT,
    re.IGNORECASE,
)
_COUNTING = re.compile(
    r"\b(?:for|in|of|after|within|to|than|about|around|roughly|takes?|least|most|as)\s+$", re.IGNORECASE
)
_SPECIAL = (
    (re.compile(r"\bquarter of an hour\b", re.I), "15 minutes"),
    (re.compile(r"\bhalf an hour\b", re.I), "30 minutes"),
    (re.compile(r"\b(?:an?|one) hour and a half\b", re.I), "90 minutes"),
    (re.compile(r"\b(?:half price|half of|at half|half the)\b", re.I), "50 %"),
)
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})\b|\b(\d{1,2})\s?([ap])\.?m\b\.?", re.I)
_RANGE = re.compile(r"\s*(?:to|or|and|-|–|/)\s*", re.I)
_ORDERED = re.compile(r"(?m)^\s*(?:\d{1,3}[.)]|[-*])\s+")


@dataclass(frozen=True)
class Quantity:
    """kind: money, percent, seconds, months, clock (minutes since midnight), or empty for a bare number."""

    value: float
    kind: str

    def is_in(self, others: frozenset[Quantity]) -> bool:
        """Whether one of `others` says the same; where either side does not tell what it counts, the number decides."""
        return any(
            abs(self.value - other.value) < _AGREED
            if self.kind == other.kind
            else self.plain == other.plain and not (self.kind and other.kind)
            for other in others
        )

    @property
    def plain(self) -> float:
        """The number as it was written, for a comparison with one that has no unit."""
        return self.value if self.kind not in ("seconds", "clock") else float("nan")


def quantities(text: str, *, claimed: bool = False) -> frozenset[Quantity]:
    """The quantities of a text: digits and the common English number words, list numbers left out.

    claimed: of "a day" only where it counts, as in "within a day"; else in "five a day" too.

    >>> quantities("an hour and a half") == quantities("90 minutes")
    True
    """
    for pattern, replacement in _SPECIAL:
        text = pattern.sub(replacement, text)
    found: set[Quantity] = set()
    text = _ORDERED.sub(" ", text)
    for match in _CLOCK.finditer(text):
        hour = int(match[1] or match[3]) % 24
        if match[4]:
            hour = hour % 12 + (12 if match[4].lower() == "p" else 0)
        found.add(Quantity(hour * 60 + int(match[2] or 0), "clock"))
    previous: tuple[int, float] | None = None
    text = _CLOCK.sub(" ", text)
    for match in _QUANTITY.finditer(text):
        value = _value(match)
        unit = (match["unit"] if match["unit"] else match["money"] or "").casefold()
        if match["single"] and (not unit or (claimed and not _COUNTING.search(text, 0, match.start()))):
            continue
        own = _quantity(value, unit)
        found.add(own)
        if previous and own.kind and _RANGE.fullmatch(text, previous[0], match.start()):
            # "3 to 7 days": the first number counts days too.
            found.discard(Quantity(previous[1], ""))
            found.add(_quantity(previous[1], unit))
        previous = (match.end(), value) if not own.kind else None
    return frozenset(found)


def _value(match: re.Match[str]) -> float:
    if match["word"]:
        return float(_WORDS.get(match["word"].casefold(), 1))
    if match["single"]:
        return 1.0
    number = re.sub(r"[,\u202f\u00a0](?=\d{3}(?:\D|$))", "", match["number"])
    return float(number.replace(",", "."))


def _quantity(value: float, unit: str) -> Quantity:
    unit = {"min": "minute", "sec": "second", "hr": "hour", "h": "hour"}.get(unit, unit)
    if unit in _SECONDS:
        return Quantity(value * _SECONDS[unit], "seconds")
    if unit in _MONTHS:
        return Quantity(value * _MONTHS[unit], "months")
    if unit in _MONEY:
        return Quantity(value, "money")
    return Quantity(value, "percent" if unit else "")
