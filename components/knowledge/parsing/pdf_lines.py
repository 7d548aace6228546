"""A PDF page as lines and tables in reading order."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pdfplumber.page import Page
    from pdfplumber.table import Table

_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl"})
_UNMAPPED = re.compile(r"\(cid:\d+\)")
_LIST_NUMBER = re.compile(r"\d{1,2}")
_MOST_LINES_OF_A_TABLE = 5_000


@dataclass(frozen=True)
class Line:
    """A line of text. Distances in points from the page's top left; `height` and `width` are the page's."""

    text: str
    size: float
    bold: bool
    left: float
    right: float
    top: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True)
class TableRows:
    """A table's cells, row by row."""

    rows: tuple[tuple[str, ...], ...]
    top: float


LayoutElement = Line | TableRows


def page_elements(page: Page) -> list[LayoutElement]:
    """Lines and tables from top to bottom; a table's text stands in the table only. Text that is not upright
    (a watermark, a margin's stamp) is left out."""
    tables = [] if len(page.lines) + len(page.rects) > _MOST_LINES_OF_A_TABLE else _tables(page)
    boxes = [table.bbox for table in tables]

    def outside(thing: dict[str, float]) -> bool:
        middle_x, middle_y = (thing["x0"] + thing["x1"]) / 2, (thing["top"] + thing["bottom"]) / 2
        return not any(box[0] <= middle_x <= box[2] and box[1] <= middle_y <= box[3] for box in boxes)

    words = page.extract_words(extra_attrs=["size", "fontname", "upright"], keep_blank_chars=False)
    lines = _lines([word for word in words if word["upright"] and outside(word)], float(page.width), float(page.height))
    found: list[LayoutElement] = [*lines, *(_rows(table) for table in tables)]
    return sorted(found, key=lambda element: element.top)


def _tables(page: Page) -> list[Table]:
    """Ruled tables of at least two rows and two columns with text."""
    return [
        table
        for table in page.find_tables()
        if sum(any(cell and cell.strip() for cell in row) for row in table.extract()) > 1
        and max(len(row.cells) for row in table.rows) > 1
    ]


def _rows(table: Table) -> TableRows:
    rows = tuple(tuple((cell or "").translate(_LIGATURES) for cell in row) for row in table.extract())
    return TableRows(rows, table.bbox[1])


def _lines(words: list[dict[str, float | str]], width: float, height: float) -> list[Line]:
    """Words whose middles share a height form a line; a gap of several letters' width parts columns' lines
    no further than by a space, as they are read."""
    rows: list[list[dict[str, float | str]]] = []
    for word in sorted(words, key=lambda word: (_middle(word), float(word["x0"]))):
        if rows and _middle(word) - _middle(rows[-1][0]) < float(word["size"]) * 0.5:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [_line(sorted(row, key=lambda word: float(word["x0"])), width, height) for row in rows]


def _middle(word: dict[str, float | str]) -> float:
    return (float(word["top"]) + float(word["bottom"])) / 2


def _line(row: list[dict[str, float | str]], width: float, height: float) -> Line:
    sizes: Counter[tuple[float, bool]] = Counter()
    for word in row:
        bold = any(mark in str(word["fontname"]).lower() for mark in ("bold", "black", "heavy", "semibold"))
        sizes[round(float(word["size"]) * 2) / 2, bold] += len(str(word["text"]))
    (size, bold), _ = sizes.most_common(1)[0]
    text = str(row[0]["text"])
    if len(row) > 1 and _LIST_NUMBER.fullmatch(text) and float(row[1]["x0"]) - float(row[0]["x1"]) > size * 0.5:
        text += "."  # a hanging number: typeset as 1, meant as 1.
    for before, word in pairwise(row):
        # Words that touch were parted by a change of font only.
        touching = float(word["x0"]) - float(before["x1"]) < size * 0.05
        text += ("" if touching else " ") + str(word["text"])
    if _UNMAPPED.match(text):
        text = "• " + _UNMAPPED.sub("", text).strip()
    return Line(
        _UNMAPPED.sub("", text).translate(_LIGATURES).strip(),
        size,
        bold,
        float(row[0]["x0"]),
        max(float(word["x1"]) for word in row),
        min(float(word["top"]) for word in row),
        max(float(word["bottom"]) for word in row),
        width,
        height,
    )
