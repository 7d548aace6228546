"""The [n] of a written text: found in the forms models use, read, and rewritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

# "(1)" is not among them: in a help article's prose it counts steps.
_NUMBERS = r"\d{1,3}(?:\s*(?:,|;|-|–|and|&)\s*\d{1,3})*"
MARK = re.compile(rf"\[\^?\s*{_NUMBERS}\s*\]|【\s*{_NUMBERS}\s*(?:†[^】\n]{{0,80}})?】", re.IGNORECASE)
MARKS_AT_START = re.compile(rf"(?:[ \t]*(?:{MARK.pattern}))+", re.IGNORECASE)
UNFINISHED_MARK = re.compile(r"\s*(?:\[\^?[\d\s,;–and&-]{0,40}|【[^】]{0,90})$", re.IGNORECASE)
_PART = re.compile(r"(\d+)(?:\s*[-–]\s*(\d+))?")
_LONGEST_RANGE = 20


def cited_numbers(text: str) -> list[int]:
    """Every number that the marks of `text` cite, in order, ranges spelt out.

    >>> cited_numbers("Free [1], within 5 days [2, 4][6-8] 【9†terms】.")
    [1, 2, 4, 6, 7, 8, 9]
    """
    return [number for mark in MARK.finditer(text) for number in _numbers(mark[0])]


def without_marks(text: str) -> str:
    """`text` without its marks and the blanks before them."""
    return rewrite_marks(text, lambda numbers: ())


def rewrite_marks(text: str, renumber: Callable[[list[int]], Sequence[int]]) -> str:
    """`text` with each mark in the form [n][m]. renumber: the new numbers of one mark; a mark without any goes,
    with the blanks before it; a number that the mark before it has already is not repeated."""
    parts: list[str] = []
    last, before = 0, (-1, frozenset[int]())
    for mark in MARK.finditer(text):
        touching = before[0] == mark.start() or (before[0] >= 0 and not text[before[0] : mark.start()].strip())
        said = before[1] if touching else frozenset()
        new = [number for number in dict.fromkeys(renumber(_numbers(mark[0]))) if number not in said]
        between = text[last : mark.start()]
        parts.append(between if new else between.rstrip(" \t"))
        parts.append("".join(f"[{number}]" for number in new))
        last, before = mark.end(), (mark.end(), said | frozenset(new))
    return "".join([*parts, text[last:]])


def with_marks(text: str, numbers: Sequence[int]) -> str:
    """`text`, a sentence, with marks at its end: inside the last cell of a table's row."""
    marks = "".join(f"[{number}]" for number in numbers)
    bare = text.rstrip()
    if not marks:
        return text
    if bare.startswith("|") and bare.endswith("|"):
        return f"{bare[:-1].rstrip()} {marks} |{text[len(bare) :]}"
    return f"{bare} {marks}{text[len(bare) :]}"


def _numbers(mark: str) -> list[int]:
    found: list[int] = []
    for first, last in _PART.findall(mark.partition("†")[0]):
        start, end = int(first), int(last or first)
        found += range(start, end + 1) if start <= end < start + _LONGEST_RANGE else [start, end]
    return found
