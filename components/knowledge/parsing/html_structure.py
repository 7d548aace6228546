"""Sets right the structure of a page: end tags that HTML lets authors leave out, and tables as Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from components.knowledge.parsing.markup import image_text, without_enclosed
from components.knowledge.parsing.normalising import single_line
from components.knowledge.parsing.tables import markdown_table

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_WIDEST_SPAN = 50
_LONGEST_LOOK = 50
_ENDED_BY = {
    "li": {"li"},
    "dt": {"dt", "dd"},
    "dd": {"dt", "dd"},
    "tr": {"tr"},
    "td": {"td", "th"},
    "th": {"td", "th"},
    "p": {"p"},
}
_BORDERS = {"ul", "ol", "dl", "table", "blockquote", "body", "main", "article", "section", "div"}
_STRUCTURE_TAG = re.compile(rf"<(/?)({'|'.join(sorted(_BORDERS | set(_ENDED_BY)))})(?=[\s/>])", re.IGNORECASE)


def with_implied_ends(page: str) -> str:
    """HTML with the end tags of <li>, <td>, <p> and so on that its author left out: Python's parser, unlike a
    browser, would nest what follows. Comments and scripts are gone afterwards."""
    for opening, closing in (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>")):
        page = without_enclosed(page, opening, closing)
    open_tags: list[str] = []
    made: list[str] = []
    done = 0
    for match in _STRUCTURE_TAG.finditer(page):
        name = match[2].lower()
        if match[1]:
            if name in open_tags[-_LONGEST_LOOK:]:
                while open_tags.pop() != name:
                    pass
            continue
        ended = _ENDED_BY.get(name, set())
        for position in range(len(open_tags) - 1, max(-1, len(open_tags) - _LONGEST_LOOK), -1):
            if open_tags[position] in ended:
                made += [page[done : match.start()], f"</{open_tags[position]}>"]
                done = match.start()
                del open_tags[position:]
                break
            if open_tags[position] in _BORDERS:
                break
        open_tags.append(name)
    return "".join(made) + page[done:]


def replace_tables(soup: BeautifulSoup, main: Tag, most_characters: int) -> bool:
    """Data tables become Markdown, innermost first, and wait in a <pre class="markdown-table"> for the
    converter to copy; tables that lay out a page become plain blocks. False where the tables, their spans
    written out, hold more than `most_characters`."""
    left = most_characters
    for table in reversed(main.find_all("table")):
        if table.find(["h1", "h2", "h3", "h4"]) or table.find("pre", class_="markdown-table"):
            for tag in table.find_all(["tr", "td", "th", "tbody", "thead", "tfoot", "caption"]):
                tag.name = "div"
            table.name = "div"
            continue
        caption = table.caption.get_text(" ") if table.caption else ""
        waiting = soup.new_tag("pre", attrs={"class": "markdown-table"})
        rows = _grid(table, left)
        left -= sum(len(cell) + 3 for row in rows for cell in row)
        if left < 0:
            return False
        waiting.string = "\n\n".join(part for part in (single_line(caption), markdown_table(rows)) if part)
        table.replace_with(waiting)
    return True


def _grid(table: Tag, most_characters: int) -> list[list[str]]:
    """The table's cells; a cell that spans rows or columns is repeated in each, so that every row says all.
    Rows end once they hold more than `most_characters`."""
    rows: list[list[str]] = []
    from_above: dict[int, tuple[int, str]] = {}
    for line in table.find_all("tr"):
        row: list[str] = []
        cells = line.find_all(["td", "th"], recursive=False)
        while cells or any(column >= len(row) for column in from_above):
            column = len(row)
            if column in from_above:
                left, text = from_above.pop(column)
                if left > 1:
                    from_above[column] = (left - 1, text)
                row.append(text)
                continue
            if not cells:
                row.append("")
                continue
            cell = cells.pop(0)
            text = _cell_text(cell)
            for offset in range(_span(cell, "colspan")):
                row.append(text)
                if _span(cell, "rowspan") > 1:
                    from_above[column + offset] = (_span(cell, "rowspan") - 1, text)
        rows.append(row)
        most_characters -= sum(len(cell) + 3 for cell in row)
        if most_characters < 0:
            break
    return rows


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1")).strip()
    return max(1, min(int(value), _WIDEST_SPAN)) if value.isdecimal() and len(value) < 6 else 1


def _cell_text(cell: Tag) -> str:
    for image in cell.find_all("img"):
        image.replace_with(image_text(str(image.get("alt", ""))))
    for block in cell.find_all(["li", "p", "br", "div"]):
        block.insert_before(" ")
    return single_line(cell.get_text())
