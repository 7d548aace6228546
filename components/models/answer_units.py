"""What an extractive answer may quote: sentences, list items and table rows, each with what it cannot do without."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from components.core.sentences import sentence_spans
from components.models.markdown_text import plain_text

Kind = Literal["sentence", "item", "row", "heading", "code", "mark"]
LONGEST_GROUP = 900  # characters of a list that is still quoted whole
SHORT_PARAGRAPH = 300  # characters of a paragraph that is quoted whole

_HEADING = re.compile(r"[ \t>]*#{1,6}(?=\s|$)")
_BOLD_LINE = re.compile(r"(\*\*|__)[^*_\n]+\1:?$")
_ITEM = re.compile(r"[ \t>]*([-*+•]|\d{1,9}[.)])\s+")
_FENCE = re.compile(r"[ \t>]*(?:`{3,}|~{3,})")
_MARK_ROW = re.compile(r"[\s|:=*_+>-]*$")
_CELL_BORDER = re.compile(r"(?<!\\)\|")
_COLUMN_GAP = re.compile(r"(?<=\S) {2,}(?=\S)")
_LEANS_BACK = re.compile(
    r"(?:it|its|they|them|their|this|these|that|those|he|she|however|but|otherwise|instead|then|also|therefore|"
    r"and|or|both|such|in (?:that|this|these|those|such) cases?|if so|if not|after (?:that|this)|afterwards|"
    r"for (?:this|that)|there(?! (?:is|are|was|were)\b)|not included)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Unit:
    """One stretch of a passage, `text[start:end]`.

    shown: as a customer reads it, list marker left out, a row's cells under their headings.
    block: equal for units with no empty line between them. marker: of a list item.
    heading: the nearest heading above it in the passage, empty where there is none.
    """

    start: int
    end: int
    kind: Kind
    shown: str
    block: int
    marker: str = ""
    heading: str = ""

    @property
    def quotable(self) -> bool:
        return self.kind in ("sentence", "item", "row") and any(char.isalnum() for char in self.shown)


def answer_units(text: str) -> list[Unit]:
    """The units of a passage's Markdown, in order, their spans disjoint."""
    units: list[Unit] = []
    block, last_end, heading = 0, 0, ""
    header: list[str] | None = None
    for start, end in sentence_spans(text):
        columns = _aligned(text, start, end)
        if columns:
            block += re.search(r"\n[ \t>]*\n", text[last_end:start]) is not None
            units.extend(_aligned_units(text, columns, block, heading))
            last_end, header = end, None
            continue
        raw, gap = text[start:end], text[last_end:start]
        block += re.search(r"\n[ \t>]*\n", gap) is not None
        last_end = end
        kind = _kind(raw)
        if kind == "heading":
            heading = plain_text(raw.lstrip(" \t>#").strip("*_"))
        header = _header(units, raw, header) if raw.startswith("|") else None
        marker = _ITEM.match(raw)
        if kind == "sentence" and units and units[-1].kind == "item" and units[-1].block == block:
            # The rest of a list item that has several sentences.
            item = units[-1]
            units[-1] = Unit(
                item.start, end, "item", f"{item.shown} {plain_text(raw)}", block, item.marker, item.heading
            )
            continue
        if kind == "row":
            shown = _row_text(_cells(raw), header)
        else:
            shown = plain_text(raw[marker.end() :] if marker and kind == "item" else raw)
        units.append(Unit(start, end, kind, shown, block, marker[1] if marker and kind == "item" else "", heading))
    return units


def group_of(units: list[Unit], index: int) -> tuple[int, int]:
    """First and last index of what must be quoted together with `units[index]`: a short
    paragraph or the sentences that it leans on, the list that it leads into, and for a list item
    its list and the lead-in."""
    first = last = index
    if units[index].kind == "item":
        return _list_round(units, index)
    if units[index].kind == "sentence":
        first, last = _paragraph_round(units, index)
    if _leads_in(units, last):
        while (
            last + 1 < len(units)
            and units[last + 1].kind in ("item", "code")
            and units[last + 1].end - units[first].start <= LONGEST_GROUP
        ):
            last += 1
    return first, last


def table_round(units: list[Unit], index: int) -> tuple[int, int]:
    """First and last index of the rows of the table that the row `units[index]` belongs to."""
    first = last = index
    while first > 0 and units[first - 1].kind == "row" and units[first - 1].block == units[index].block:
        first -= 1
    while last + 1 < len(units) and units[last + 1].kind == "row" and units[last + 1].block == units[index].block:
        last += 1
    return first, last


def hangs(units: list[Unit], index: int) -> bool:
    """Whether `units[index]` announces what cannot be quoted with it, such as a table: by itself it says nothing."""
    return units[index].shown.endswith((":", "：")) and group_of(units, index)[1] == index


def _kind(raw: str) -> Kind:
    if _HEADING.match(raw) or _BOLD_LINE.fullmatch(raw):
        return "heading"
    if _FENCE.match(raw):
        return "code"
    if _MARK_ROW.fullmatch(raw):
        return "mark"
    if raw.startswith("|"):
        return "row"
    return "item" if _ITEM.match(raw) else "sentence"


def _header(units: list[Unit], raw: str, header: list[str] | None) -> list[str] | None:
    """The headings of the table that the row `raw` belongs to. The ruled line under the headings
    turns the row before it, already listed, into something that is not quoted by itself."""
    if _kind(raw) == "mark" and units and units[-1].kind == "row":
        row = units[-1]
        units[-1] = Unit(row.start, row.end, "mark", row.shown, row.block, heading=row.heading)
        return [part.strip() for part in row.shown.split(" | ")]
    return header


def _cells(raw: str) -> list[str]:
    return [plain_text(cell) for cell in _CELL_BORDER.split(raw.strip().removeprefix("|").removesuffix("|"))]


def _row_text(cells: list[str], header: list[str] | None) -> str:
    if header is None or len(header) != len(cells):
        return " | ".join(cells)
    first = f"{header[0]}: {cells[0]}" if header[0] else cells[0]
    rest = [f"{name}: {cell}" if name else cell for name, cell in zip(header[1:], cells[1:], strict=True) if cell]
    return "; ".join(part for part in (first, *rest) if part)


def _aligned(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The lines of a table that a plain text aligns by blanks, such as `3  not signed in`; empty for prose."""
    lines = [
        (start + match.start(), start + match.end()) for match in re.finditer(r"\S[^\n]*", text[start:end].rstrip())
    ]
    prose = [line for line in lines if not _COLUMN_GAP.search(text[slice(*line)])]
    return [] if len(lines) < 2 or prose or text[start] in "|`~" else lines


def _aligned_units(text: str, lines: list[tuple[int, int]], block: int, heading: str) -> list[Unit]:
    rows = [_COLUMN_GAP.split(text[start:end].rstrip()) for start, end in lines]
    digits = [any(char.isdigit() for cell in row for char in cell) for row in rows]
    headed = len({len(row) for row in rows}) == 1 and len(rows[0]) > 2 and not digits[0] and all(digits[1:])
    header = [plain_text(cell) for cell in rows[0]] if headed else None
    units = []
    for number, ((start, end), row) in enumerate(zip(lines, rows, strict=True)):
        cells = [plain_text(cell) for cell in row]
        shown = _row_text(cells, header) if header else ": ".join((cells[0].rstrip(":"), " ".join(cells[1:])))
        units.append(Unit(start, end, "mark" if headed and not number else "row", shown, block, heading=heading))
    return units


def _leans_back(units: list[Unit], index: int) -> bool:
    return _follows(units, index) and _LEANS_BACK.match(units[index].shown) is not None


def _follows(units: list[Unit], index: int) -> bool:
    """Whether `units[index]` goes on in the paragraph of the sentence before it."""
    if not index:
        return False
    before, unit = units[index - 1], units[index]
    return before.kind == unit.kind == "sentence" and before.block == unit.block


def _leads_in(units: list[Unit], index: int) -> bool:
    """Whether the list after `units[index]` belongs to it: it ends in a colon, or stands above it like a title."""
    unit = units[index]
    if unit.kind != "sentence":
        return False
    following = units[index + 1] if index + 1 < len(units) else None
    above = following is not None and following.kind == "item" and following.block == unit.block
    titled = unit.shown.endswith(")") or unit.shown[-1:].isalnum()
    return unit.shown.endswith((":", "：")) or (above and titled)


def _paragraph_round(units: list[Unit], index: int) -> tuple[int, int]:
    """The paragraph where it is short; else the sentence with those that lean on each other round it."""
    first = last = index
    while first > 0 and _follows(units, first):
        first -= 1
    while last + 1 < len(units) and _follows(units, last + 1):
        last += 1
    if units[last].end - units[first].start <= SHORT_PARAGRAPH:
        return first, last
    first, end = index, last
    last = index
    while index - first < 2 and _leans_back(units, first):
        first -= 1
    while last < end and last - index < 2 and _leans_back(units, last + 1):
        last += 1
    return first, last


def _list_round(units: list[Unit], index: int) -> tuple[int, int]:
    first = last = index
    while first > 0 and units[first - 1].kind == "item":
        first -= 1
    while last + 1 < len(units) and units[last + 1].kind == "item":
        last += 1
    led = first > 0 and _leads_in(units, first - 1)
    first -= led
    if not led and not units[index].marker[:1].isdigit() and units[last].end - units[first].start > SHORT_PARAGRAPH:
        return index, index
    if units[last].end - units[first].start <= LONGEST_GROUP:
        return first, last
    return (first, index) if units[index].end - units[first].start <= LONGEST_GROUP else (index, index)
