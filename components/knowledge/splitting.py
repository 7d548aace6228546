"""Cuts a section's blocks into pieces that fit a chunk: blocks, then sentences, then words, then tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from components.core.sentences import sentence_spans
from components.knowledge.blocks import Block
from components.knowledge.headings import TokenSpans

_STRETCH = 20_000


@dataclass(frozen=True)
class Piece:
    """A stretch of the document that stays in one chunk.

    prefix, suffix: what a chunk that begins or ends with this piece, in the middle of its block, repeats
        of the block: a table's header, a code block's fences.
    """

    start: int
    end: int
    tokens: int
    block: Block
    prefix: str = ""
    prefix_tokens: int = 0
    suffix: str = ""
    suffix_tokens: int = 0


class TokenIndex:
    """Where the tokens of one text end, found once, so that any stretch of it is counted at once.

    Counts of a stretch are those of the whole text's tokens: exact for tokenizers that split at white
    space first, an estimate for others.
    """

    def __init__(self, text: str, token_spans: TokenSpans) -> None:
        self.text = text
        self._ends: list[int] = []
        start = 0
        while start < len(text):
            end = _stretch_end(text, start)
            self._ends.extend(start + token_end for _, token_end in token_spans(text[start:end]))
            start = end

    def count(self, start: int, end: int) -> int:
        """How many tokens end within text[start:end]."""
        return bisect_right(self._ends, end) - bisect_right(self._ends, start)

    def advance(self, start: int, tokens: int) -> int:
        """Where the last of the next `tokens` tokens from `start` on ends: at least a character further."""
        position = bisect_right(self._ends, start) + tokens - 1
        return self._ends[position] if position < len(self._ends) else len(self.text)


def _stretch_end(text: str, start: int) -> int:
    """Tokenizers take short texts faster: a stretch ends at white space where there is some."""
    end = start + _STRETCH
    if end >= len(text):
        return len(text)
    border = max(text.rfind("\n", start, end), text.rfind(" ", start, end))
    return border if border > start else end


def pieces(block: Block, index: TokenIndex, room: int, token_spans: TokenSpans) -> Iterator[Piece]:
    """The pieces of a block in order, each at most `room` tokens long with its prefix and suffix.

    A block that fits is one piece. A table goes row by row and code line by line; anything longer than
    `room` falls to sentences, words and single tokens in turn.
    """
    tokens = index.count(block.start, block.end)
    if tokens <= room:
        yield Piece(block.start, block.end, tokens, block)
        return
    wrapping = _wrapping(block, index, room, token_spans)
    left = room - wrapping.before_tokens - wrapping.after_tokens
    if block.kind in ("table", "code"):
        spans = _rows(index.text, block)
    else:
        found = sentence_spans(index.text[block.start : block.end])
        spans = [(block.start + start, block.start + end) for start, end in found]
    for row_start, row_end in spans:
        for start, end in _cut(row_start, row_end, index, left):
            before = start != block.start
            after = end < block.end
            yield Piece(
                start,
                end,
                index.count(start, end),
                block,
                wrapping.before if before else "",
                wrapping.before_tokens if before else 0,
                wrapping.after if after else "",
                wrapping.after_tokens if after else 0,
            )


@dataclass(frozen=True)
class _Wrapping:
    """What later parts of a block repeat before them, and earlier ones after them."""

    before: str = ""
    before_tokens: int = 0
    after: str = ""
    after_tokens: int = 0


def _wrapping(block: Block, index: TokenIndex, room: int, token_spans: TokenSpans) -> _Wrapping:
    """A table's header or a code block's fences; nothing where they would take over a third of the room."""
    if not block.row_start or index.count(block.start, block.row_start) > room // 3:
        return _Wrapping()
    before = index.text[block.start : block.row_start].rstrip() + "\n"
    after = ""
    if block.kind == "code":
        mark = "~" if "~~~" in before else "`"
        after = "\n" + mark * max(3, before.count(mark))
    before_tokens, after_tokens = len(token_spans(before)), len(token_spans(after)) if after else 0
    if before_tokens + after_tokens > room // 2:
        return _Wrapping()
    return _Wrapping(before, before_tokens, after, after_tokens)


def _rows(text: str, block: Block) -> list[tuple[int, int]]:
    """Rows of a table or lines of code; the header stays with the first, a closing fence with the last."""
    rows = list(_lines(text, min(block.row_start, block.end), block.end))
    if not rows:
        return [(block.start, block.end)]
    rows[0] = (block.start, rows[0][1])
    if block.kind == "code" and len(rows) > 1 and not text[slice(*rows[-1])].strip().strip("`~"):
        rows[-2:] = [(rows[-2][0], rows[-1][1])]
    return rows


def _lines(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for line in text[start:end].splitlines(keepends=True):
        if line.strip():
            yield start, start + len(line)
        start += len(line)


def _cut(start: int, end: int, index: TokenIndex, room: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts of at most `room` tokens, between words where a word is not itself too long."""
    while index.count(start, end) > room:
        hard = min(index.advance(start, room), end)
        border = hard
        while border > start and not (index.text[border - 1].isspace() or border == end):
            border -= 1
        cut = border if index.text[start:border].strip() else max(hard, start + 1)
        yield start, cut
        start = cut
    if start < end:
        yield start, end
