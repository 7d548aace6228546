"""Lines and tables of a PDF's pages as Markdown: headings by font, paragraphs rejoined, page furniture gone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from components.knowledge.parsing.pdf_lines import LayoutElement, Line, TableRows
from components.knowledge.parsing.tables import markdown_table

_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|página|p\.)?\s*[-–|]?\s*\d{1,4}\s*(?:(?:/|of|von|de)\s*\d{1,4})?\s*[-–|]?", re.I
)
_BULLET = re.compile(r"[•●▪■◦‣·∙–\x7f-](?=\s|\w)\s*")
_NUMBERED = re.compile(r"(?:\d{1,3}|[a-z])[.)]\s")
_HYPHENATED = re.compile(r"[^\W\d_]-$")
_WORD_AT_END = re.compile(r"[^\W\d_]+-$")
_WORD_AT_START = re.compile(r"[^\W\d_]+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_SENTENCE_END = (".", "!", "?", ":", "…", '."', ".”")
_MARGIN = 0.1
_LARGER = 1.12
_LONGEST_HEADING = 160


def elements_to_markdown(pages: Sequence[Sequence[LayoutElement]]) -> str:
    """Markdown of all pages. Sizes are judged against the size that most characters have; a line in bold that
    stands alone is the lowest heading; what repeats in the margins of pages is left out."""
    kept = _without_furniture(pages)
    lines = [element for page in kept for element in page if isinstance(element, Line)]
    levels = _heading_levels(lines)
    leading = _leading(kept)
    words = Counter(word for line in lines for word in _WORD.findall(line.text.lower()))
    blocks: list[str] = []
    for kind, group in _groups(kept, levels, leading):
        if isinstance(group, TableRows):
            blocks.append(markdown_table(group.rows))
            continue
        text = _joined([line.text for line in group], words)
        if kind > 0:
            blocks.append(f"{'#' * kind} {text}")
        else:
            bullet = _BULLET.match(text)
            blocks.append(f"- {text[bullet.end() :]}" if bullet else text)
    return "".join(_spaced([block for block in blocks if block]))


def _spaced(blocks: list[str]) -> Iterator[str]:
    """Blocks with a blank line between them, list items without."""
    for position, block in enumerate(blocks):
        tight = position > 0 and _is_item(blocks[position - 1]) and _is_item(block)
        yield ("" if position == 0 else "\n" if tight else "\n\n") + block


def _is_item(block: str) -> bool:
    return block.startswith("- ") or _NUMBERED.match(block) is not None


def _without_furniture(pages: Sequence[Sequence[LayoutElement]]) -> list[list[LayoutElement]]:
    """Pages without page numbers, and without lines of the margins that half of the pages have."""

    def key(line: Line) -> tuple[str, float, bool]:
        return _DIGITS.sub("#", line.text), line.size, line.top < line.height / 2

    def in_margin(line: Line) -> bool:
        return line.bottom < line.height * _MARGIN or line.top > line.height * (1 - _MARGIN)

    seen = Counter(
        found for page in pages for found in {key(line) for line in page if isinstance(line, Line) and in_margin(line)}
    )
    often = max(2, len(pages) / 2)

    def is_furniture(element: LayoutElement) -> bool:
        if not isinstance(element, Line) or not in_margin(element):
            return False
        return seen[key(element)] >= often or _PAGE_NUMBER.fullmatch(element.text) is not None

    return [[element for element in page if not is_furniture(element)] for page in pages]


def _heading_levels(lines: Sequence[Line]) -> dict[tuple[float, bool], int]:
    """Heading level by (size, bold): the largest is 1 where it is used for one heading, the title; else 2."""
    if not lines:
        return {}
    characters: Counter[tuple[float, bool]] = Counter()
    for line in lines:
        characters[line.size, line.bold] += len(line.text)
    body_size, body_bold = characters.most_common(1)[0][0]
    sizes = sorted({line.size for line in lines if line.size >= body_size * _LARGER}, reverse=True)
    first = 1 if sizes and sum(line.size == sizes[0] for line in lines) <= 3 else 2
    levels = {(size, bold): min(6, first + rank) for rank, size in enumerate(sizes) for bold in (False, True)}
    if not body_bold:
        levels[body_size, True] = min(6, first + len(sizes))
    return levels


def _leading(pages: Sequence[Sequence[LayoutElement]]) -> float:
    """The usual distance between the tops of two lines of a paragraph, in line sizes."""
    gaps = [
        (below.top - above.top) / above.size
        for page in pages
        for above, below in pairwise(page)
        if isinstance(above, Line) and isinstance(below, Line) and above.size == below.size and above.size > 0
    ]
    close = [gap for gap in gaps if 0.8 < gap < 2.2]
    return median(close) if close else 1.2


def _groups(
    pages: Sequence[Sequence[LayoutElement]], levels: dict[tuple[float, bool], int], leading: float
) -> Iterator[tuple[int, list[Line] | TableRows]]:
    """(heading level or 0, lines of one paragraph or heading) and tables, in order."""
    group: list[Line] = []
    level = 0
    table: TableRows | None = None
    for page in pages:
        for position, element in enumerate(page):
            if isinstance(element, TableRows):
                if group:
                    yield level, group
                    group = []
                if table is not None and position == 0 and _goes_on(table, element):
                    skip = 1 if element.rows[0] == table.rows[0] else 0
                    table = TableRows((*table.rows, *element.rows[skip:]), table.top)
                    continue
                if table is not None:
                    yield 0, table
                table = element
                continue
            if table is not None:
                yield 0, table
                table = None
            own = levels.get((element.size, element.bold), 0) if len(element.text) <= _LONGEST_HEADING else 0
            if group and not (own == level and _continues(group, element, own, leading)):
                yield level, group
                group = []
            level = own
            group.append(element)
    if group:
        yield level, group
    if table is not None:
        yield 0, table


def _goes_on(above: TableRows, below: TableRows) -> bool:
    return len(above.rows[0]) == len(below.rows[0])


def _continues(group: list[Line], line: Line, level: int, leading: float) -> bool:
    """Whether `line` belongs to the paragraph or heading of `group`."""
    last = group[-1]
    if _BULLET.match(line.text) or _NUMBERED.match(line.text):
        return False
    if line.top <= last.top:
        ends = last.text.endswith(_SENTENCE_END)
        return level == 0 and not ends and not line.text[:1].isupper()
    gap = (line.top - last.top) / max(last.size, 1.0)
    if gap > max(leading * 1.25, leading + 0.25):
        return False
    widest = max(member.right for member in group)
    ended_short = last.text.endswith(_SENTENCE_END) and last.right < min(widest, line.right) - 0.15 * line.width
    return level > 0 or not ended_short


def _joined(texts: Sequence[str], words: Counter[str]) -> str:
    """Lines as one text; a word hyphenated at a line's end is mended, unless the document writes it with the
    hyphen elsewhere."""
    joined = texts[0]
    for text in texts[1:]:
        if not (_HYPHENATED.search(joined) and text[:1].islower()):
            joined += f" {text}"
            continue
        front, back = _WORD_AT_END.search(joined), _WORD_AT_START.match(text)
        compound = f"{front[0]}{back[0]}".lower() if front and back else ""
        is_compound = bool(compound) and words[compound] > words[compound.replace("-", "")]
        joined = joined + text if is_compound else joined[:-1] + text
    return joined
