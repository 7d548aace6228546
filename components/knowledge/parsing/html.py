"""HTML pages as Markdown: the main content, without what stands round it on every page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from components.core.documents import RawDocument
from components.core.errors import UnreadableDocument
from components.knowledge.parsing.html_structure import replace_tables, with_implied_ends
from components.knowledge.parsing.markup import image_text
from components.knowledge.parsing.normalising import single_line
from components.knowledge.parsing.text import LONGEST_TEXT, ParsedText, decode

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_EXPECTED = "an HTML page (.html, .htm)"
_ANY_TAG = re.compile(r"<(?:!doctype|!--|/?[a-z][a-z0-9-]*)[^<>]*>", re.IGNORECASE)
_DROPPED = frozenset(
    {"head", "script", "style", "noscript", "template", "nav", "footer", "aside", "dialog"}
    | {"form", "button", "input", "select", "textarea"}
    | {"iframe", "svg", "canvas", "object", "embed", "video", "audio"}
)
_DROPPED_ROLES = ("navigation", "banner", "contentinfo", "search", "complementary")
_DEEPEST = 100
_LONGEST_PAGE = 10_000_000


def html_to_markdown(raw: RawDocument) -> ParsedText:
    """The page's <main>, else its <article>s, else its body, as Markdown. `offered_title` is its <title>.
    Raises UnreadableDocument: `wrong_type` (no HTML), `not_utf8`, `too_large` (beyond 10 million characters of
    HTML)."""
    text = decode(raw, _EXPECTED)
    if _ANY_TAG.search(text) is None:
        raise UnreadableDocument(f"{raw.document_id} holds no HTML tag; expected {_EXPECTED}", reason="wrong_type")
    if len(text) > _LONGEST_PAGE:
        raise UnreadableDocument(
            f"{raw.document_id} holds {len(text):,} characters of HTML; allowed are {_LONGEST_PAGE:,}",
            reason="too_large",
        )
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(with_implied_ends(text), "html.parser")
    title = single_line(soup.title.get_text()) if soup.title else ""
    _flatten(soup)
    main = _main_part(soup)
    if not replace_tables(soup, main, LONGEST_TEXT):
        raise UnreadableDocument(
            f"{raw.document_id} holds tables of over {LONGEST_TEXT:,} characters", reason="too_large"
        )
    return ParsedText(_converted(main), offered_title=title)


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
            if _is_dropped(child):
                child.extract()
            elif depth < _DEEPEST:
                pending.append((child, depth + 1))
            else:
                child.replace_with(child.get_text(" "))


def _is_dropped(tag: Tag) -> bool:
    hidden = tag.has_attr("hidden") or tag.get("aria-hidden") == "true"
    return hidden or tag.name in _DROPPED or tag.get("role") in _DROPPED_ROLES


def _main_part(soup: BeautifulSoup) -> Tag:
    main = soup.find("main") or soup.find(True, attrs={"role": "main"})
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


def _converted(main: Tag) -> str:
    from markdownify import MarkdownConverter

    class Converter(MarkdownConverter):
        """Markdown as our own: tables made before, pictures by their words, no links in headings."""

        def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
            if "markdown-table" in (el.get("class") or []):
                return f"\n\n{el.get_text()}\n\n"
            fence = "````" if "```" in text else "```"
            code = text.strip("\n")
            return f"\n\n{fence}{_code_language(el)}\n{code}\n{fence}\n\n" if code.strip() else ""

        def convert_img(self, el: Tag, text: str, parent_tags: set[str]) -> str:
            return image_text(str(el.get("alt", "")))

        def convert_a(self, el: Tag, text: str, parent_tags: set[str]) -> str:
            target = str(el.get("href", ""))
            leads_nowhere = not target or target.startswith(("#", "javascript:"))
            if leads_nowhere or not text.strip() or parent_tags & {"_inline", "_noformat"}:
                return text
            before, after = text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :]
            return f"{before}[{text.strip()}]({target}){after}"

    converter = Converter(heading_style="ATX", bullets="-", escape_asterisks=False, escape_underscores=False)
    return str(converter.convert_soup(main))


def _code_language(pre: Tag) -> str:
    classes = [str(name) for tag in (pre, *pre.find_all("code")) for name in (tag.get("class") or [])]
    return next((name.removeprefix("language-") for name in classes if name.startswith("language-")), "")
