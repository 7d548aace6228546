"""Fits a title and its headings into the share of a chunk that they may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from components.core.documents import embedding_text

TokenSpans = Callable[[str], list[tuple[int, int]]]

_LONGEST_PART = 1200
_GAP = " … "


@dataclass(frozen=True)
class HeadingLine:
    """Title and heading path as they stand above a passage. `tokens`: their length, line end included."""

    title: str
    path: tuple[str, ...]
    tokens: int


def fit_headings(title: str, path: tuple[str, ...], budget: int, token_spans: TokenSpans) -> HeadingLine:
    """Title and path within `budget` tokens. Long parts are shortened in their middle, the longest
    first; where even that is too much, parts between title and innermost heading are left out, then
    the title, then all."""
    parts = [_without_middle(part) for part in (title, *path)]
    line = _line(parts, token_spans)
    cap = budget
    while line.tokens > budget and cap > 2:
        cap = min(cap - 1, cap * 3 // 4)
        parts = [_shortened(part, token_spans(part), cap) for part in parts]
        line = _line(parts, token_spans)
    for fewer in ([parts[0], parts[-1]], ["", parts[-1]]):
        if line.tokens > budget and len(parts) > 1:
            line = _line(fewer, token_spans)
    return line if line.tokens <= budget else HeadingLine("", (), 0)


def _line(parts: list[str], token_spans: TokenSpans) -> HeadingLine:
    title, path = parts[0], tuple(parts[1:])
    text = embedding_text(title, path, "")
    return HeadingLine(title, path, len(token_spans(text)) if text else 0)


def _without_middle(text: str) -> str:
    """Keeps a huge heading from being tokenised again and again."""
    if len(text) <= _LONGEST_PART:
        return text
    half = _LONGEST_PART // 2
    return text[:half].rstrip() + _GAP + text[-half:].lstrip()


def _shortened(text: str, spans: list[tuple[int, int]], cap: int) -> str:
    if len(spans) <= cap:
        return text
    front, back = (cap + 1) // 2, max(1, cap // 2)
    return text[: spans[front - 1][1]].rstrip() + _GAP + text[spans[-back][0] :].lstrip()
