"""HTML pages as Markdown: the main content, without what stands round it on every page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from components.core.documents import RawDocument
from components.core.errors import UnreadableDocument
from components.knowledge.parsing.markup import image_text, without_markup
from components.knowledge.parsing.normalising import single_line
from components.knowledge.parsing.tables import markdown_table
from components.knowledge.parsing.text import ParsedText, decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_EXPECTED = "an HTML page (.html, .htm)"
_ANY_TAG = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9-]*)[^<>]*>", re.IGNORECASE)
_DROPPED = (
    "script style noscript template nav footer aside form button input select textarea iframe svg canvas object embed"
    " video audio dialog"
).split()
_DROPPED_ROLES = ("navigation", "banner", "contentinfo", "search", "complementary")
_BLOCKS = frozenset(
    "address article blockquote dd div dl dt fieldset figure figcaption h1 h2 h3 h4 h5 h6 hr li main ol p pre section"
    " table ul details summary".split()
)
_DEEPEST = 100
_WIDEST_SPAN = 50


def html_to_markdown(raw: RawDocument) -> ParsedText:
    """The page's <main>, else its <article>s, else its body, as Markdown. `offered_title` is its <title>.
    Raises UnreadableDocument: `wrong_type` (no HTML), `not_utf8`, `empty`."""
    text = decode(raw, _EXPECTED)
    if _ANY_TAG.search(text) is None:
        raise UnreadableDocument(f"{raw.document_id} holds no HTML tag; expected {_EXPECTED}", reason="wrong_type")
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(text, "html.parser")
    title = single_line(soup.title.get_text()) if soup.title else ""
    _flatten(soup)
    main = _main_part(soup)
    _replace_tables(soup, main)
    return ParsedText(without_markup(_converted(main)), offered_title=title)


def _flatten(soup: BeautifulSoup) -> None:
    """Drops what is no content, and takes out the frames of tags nested so deep that walking them in
    recursion would fail."""
    from bs4 import Comment, Tag

    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    pending: list[tuple[Tag, int]] = [(soup, 0)]
    while pending:
        tag, depth = pending.pop()
        for child in list(tag.children):
            if not isinstance(child, Tag):
                continue
            if child.name in _DROPPED or child.name == "head" or child.get("role") in _DROPPED_ROLES:
                child.extract()
            elif child.has_attr("hidden") or child.get("aria-hidden") == "true":
                child.extract()
            elif depth < _DEEPEST:
                pending.append((child, depth + 1))
            else:
                child.replace_with(child.get_text(" "))


def _main_part(soup: BeautifulSoup) -> Tag:
    main = soup.find("main") or soup.find(attrs={"role": "main"})
    articles = [article for article in soup.find_all("article") if article.find_parent("article") is None]
    if main is None and articles:
        main = soup.new_tag("div")
        for article in articles:
            main.append(article.extract())
    if main is None:
        main = soup.body or soup
        for header in main.find_all("header", recursive=False):
            header.extract()
    return main


def _replace_tables(soup: BeautifulSoup, main: Tag) -> None:
    """Data tables become Markdown, innermost first, and wait in a <pre> that the converter copies."""
    for table in reversed(main.find_all("table")):
        if table.find(["h1", "h2", "h3", "h4"]) or table.find("pre", class_="markdown-table"):
            for tag in table.find_all(["tr", "td", "th", "tbody", "thead", "tfoot", "caption"]):
                tag.name = "div"
            table.name = "div"
            continue
        caption = table.caption.get_text(" ") if table.caption else ""
        waiting = soup.new_tag("pre", attrs={"class": "markdown-table"})
        waiting.string = "\n\n".join(part for part in (single_line(caption), markdown_table(_grid(table))) if part)
        table.replace_with(waiting)


def _grid(table: Tag) -> list[list[str]]:
    """The table's cells; a cell that spans rows or columns is repeated in each, so that every row says all."""
    rows: list[list[str]] = []
    from_above: dict[int, tuple[int, str]] = {}
    for line in table.find_all("tr"):
        row: list[str] = []
        cells = [cell for cell in line.find_all(["td", "th"], recursive=False)]
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
    return rows
