"""Cuts Markdown into its blocks, line by line, so that no character is lost and time stays linear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BlockKind = Literal["heading", "paragraph", "item", "table", "code", "rule"]

_FENCE = re.compile(r"[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?(`{3,}(?=[^`]*$)|~{3,})")
_CLOSING = re.compile(r"[ \t>]*(`{3,}|~{3,})$")
_HEADING = re.compile(r" {0,3}(#{1,6})(?=[ \t]|$)")
_ITEM = re.compile(r"[ \t>]*(?:[-*+•]|\d{1,9}[.)])(?:[ \t]|$)")
_MARKUP = str.maketrans("", "", "*`")
_UNDERSCORES = re.compile(r"(?<!\w)_+|_+(?!\w)")
_LONGEST_SETEXT_TITLE = 150


@dataclass(frozen=True)
class Block:
    """One block of a Markdown text. `start` and `end` are character offsets of its whole lines.

    level: 1 to 6 for a heading, else 0. text: a heading's words without markup, else empty.
    row_start: where a table's first row below its header begins, or a code block's first line of code.
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    text: str = ""
    row_start: int = 0


def plain_heading(text: str) -> str:
    """A heading as a person reads it: emphasis and code marks gone, white space single."""
    return " ".join(_UNDERSCORES.sub("", text.translate(_MARKUP)).split())


def heading_of(line: str) -> tuple[int, str] | None:
    """Level and plain text of an ATX heading (`## Returns`), None for any other line."""
    match = _HEADING.match(line)
    if match is None:
        return None
    text = line[match.end() :].strip()
    bare = text.rstrip("#")
    if not bare or bare[-1] in " \t":
        text = bare
    return len(match[1]), plain_heading(text)


def is_table_delimiter(line: str) -> bool:
    """Whether a line is the |---|---| under a table's header."""
    bare = line.strip()
    return "|" in bare and "-" in bare and not bare.strip("|:- \t")


def blocks(markdown: str) -> list[Block]:
    """The blocks of `markdown` in order: together they hold every visible character of it.

    Headings are ATX ones, and one-line setext ones; those within a code fence are code. Each list item
    is a block. A fence left open runs to the end of the text, as CommonMark has it.
    """
    found: list[Block] = []
    lines = markdown.splitlines(keepends=True)
    offset = index = 0
    while index < len(lines):
        taken, block = _block_at(lines, index, offset)
        length = sum(len(lines[position]) for position in range(index, index + taken))
        if block is not None:
            found.append(block)
        index, offset = index + taken, offset + length
    return found


def _block_at(lines: list[str], index: int, offset: int) -> tuple[int, Block | None]:
    """How many lines the block at `index` takes, and the block (None for blank lines)."""
    line = lines[index]
    bare = line.rstrip()
    if not bare:
        return 1, None
    end = offset + len(line)
    heading = heading_of(bare)
    if heading is not None:
        return 1, Block("heading", offset, end, level=heading[0], text=heading[1])
    fence = _FENCE.match(bare)
    if fence is not None:
        taken = _code_lines(lines, index, fence[1])
        return taken, Block("code", offset, _end(lines, index, taken, offset), row_start=end)
    if "|" in bare and index + 1 < len(lines) and is_table_delimiter(lines[index + 1]):
        taken = 2
        while index + taken < len(lines) and "|" in lines[index + taken] and lines[index + taken].strip():
            taken += 1
        return taken, Block("table", offset, _end(lines, index, taken, offset), row_start=end + len(lines[index + 1]))
    if _is_rule(bare):
        return 1, Block("rule", offset, end)
    if _ITEM.match(bare):
        taken = 1 + _running_lines(lines, index + 1)
        return taken, Block("item", offset, _end(lines, index, taken, offset))
    underline = lines[index + 1].strip() if index + 1 < len(lines) else ""
    underlines = len(underline) > 2 and underline[0] in "=-" and not underline.strip(underline[0])
    if underlines and len(bare) <= _LONGEST_SETEXT_TITLE:
        level = 1 if underline[0] == "=" else 2
        return 2, Block("heading", offset, _end(lines, index, 2, offset), level=level, text=plain_heading(bare))
    taken = 1 + _running_lines(lines, index + 1)
    return taken, Block("paragraph", offset, _end(lines, index, taken, offset))


def _end(lines: list[str], index: int, taken: int, offset: int) -> int:
    return offset + sum(len(lines[position]) for position in range(index, index + taken))


def _code_lines(lines: list[str], index: int, fence: str) -> int:
    for position in range(index + 1, len(lines)):
        closing = _CLOSING.match(lines[position].rstrip())
        if closing is not None and closing[1].startswith(fence):
            return position - index + 1
    return len(lines) - index


def _running_lines(lines: list[str], index: int) -> int:
    """How many lines from `index` on continue the paragraph or item before them."""
    taken = 0
    while index + taken < len(lines):
        bare = lines[index + taken].rstrip()
        following = lines[index + taken + 1] if index + taken + 1 < len(lines) else ""
        starts_table = "|" in bare and is_table_delimiter(following)
        if not bare or starts_table or _is_rule(bare) or _ITEM.match(bare) or _FENCE.match(bare) or heading_of(bare):
            break
        taken += 1
    return taken


def _is_rule(bare: str) -> bool:
    marks = bare.replace(" ", "")
    return len(marks) > 2 and marks[0] in "-*_=" and not marks.strip(marks[0])
