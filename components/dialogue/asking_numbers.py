"""Numbers as customers write them: `1,234.50`, `1.234,50`, `€ 12`, in the way of their language."""

from __future__ import annotations

import re

_POINT_LANGUAGES = frozenset({"en", "he", "ja", "zh"})
_NUMBER = re.compile(r"(?<![\w.,-])[-+]?\d[\d.,'’\u00a0\u202f]*(?:(?<=\d)|(?<=\d[.,]))(?![\d-]|[^\W\d]\w*-)")
_GROUPS = re.compile(r"\d{1,3}(?:[.,'’\u00a0\u202f]\d{3})+")
MOST_DIGITS = 15


def numbers_in(text: str, *, language: str) -> tuple[frozenset[float], bool]:
    """The numbers that a text names, and whether it is one number alone (its sign and unit aside).

    One mark followed by exactly three digits groups thousands where the language writes decimals with the other mark.
    """
    matches = list(_NUMBER.finditer(text))
    numbers = {value for match in matches if (value := _value(match[0], language)) is not None}
    rest = _NUMBER.sub(" ", text)
    return frozenset(numbers), len(matches) == 1 and len(rest.split()) <= 1


def _value(written: str, language: str) -> float | None:
    sign = -1 if written.startswith("-") else 1
    digits = written.lstrip("+-").rstrip(".,'’\u00a0\u202f")
    if sum(character.isdigit() for character in digits) > MOST_DIGITS:
        return None
    marks = [mark for mark in ".," if mark in digits]
    decimal = "." if language in _POINT_LANGUAGES else ","
    if len(marks) == 2:
        decimal = max(marks, key=digits.rfind)
    elif marks and marks[0] != decimal and not _GROUPS.fullmatch(digits):
        decimal = marks[0]
    whole, _, fraction = digits.rpartition(decimal) if decimal in digits else (digits, "", "")
    if re.search(r"\D", whole) and not _GROUPS.fullmatch(whole):
        return None
    whole = re.sub(r"\D", "", whole)
    return sign * float(f"{whole or '0'}.{fraction or '0'}") if (fraction or "0").isdecimal() else None
