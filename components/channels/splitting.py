"""Long texts in parts that a channel takes: cut between paragraphs and sentences, within one only where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import regex

from components.core.sentences import sentence_spans

# Nothing shorter is worth a part.
_WORD = regex.compile(r"\S+\s*|\s+")
_CHARACTER = regex.compile(r"\X")


def split_text(text: str, fits: Callable[[str], bool]) -> tuple[str, ...]:
    """The parts, each of which fits and none of which is blank; together they hold every visible character, in order.

    fits: whether a text is short enough; a text that fits does so without its end, and one character always does.
    """
    parts: list[str] = []
    current = ""
    for unit in _units(text):
        if fits((current + unit).strip()):
            current += unit
            continue
        parts.append(current)
        current = unit
        while not fits(current.strip()):
            head = _longest_head(current, fits)
            parts.append(head)
            current = current[len(head) :]
    parts.append(current)
    return tuple(part.strip() for part in parts if part.strip())


def _units(text: str) -> Iterator[str]:
    """Sentences with the white space behind them."""
    starts = [start for start, _ in sentence_spans(text)]
    ends = [*starts[1:], len(text)]
    yield from (text[start:end] for start, end in zip([0, *starts[1:]], ends, strict=True))


def _longest_head(text: str, fits: Callable[[str], bool]) -> str:
    """As many words as fit, or characters where not even one word does; at least one character."""
    for pattern in (_WORD, _CHARACTER):
        ends = [match.end() for match in pattern.finditer(text)]
        low, high = 0, len(ends)
        while low < high:
            middle = (low + high + 1) // 2
            if fits(text[: ends[middle - 1]].strip()):
                low = middle
            else:
                high = middle - 1
        if low and text[: ends[low - 1]].strip():
            return text[: ends[low - 1]]
    return text[: ends[0]]
