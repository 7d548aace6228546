"""Takes HTML tags, pictures' addresses and comments out of Markdown, and leaves code as it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html import unescape

from components.knowledge.blocks import blocks, heading_of

_INLINE_CODE = re.compile(r"(`[^`\n]+`)")
_TAG = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|dd|details|div|dl|dt|em|figcaption|figure|font|hr|i|iframe|kbd|mark|p|picture"
    r"|section|small|source|span|strong|sub|summary|sup|u|video)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_HTML_IMAGE = re.compile(r"<img\s[^<>]*>", re.IGNORECASE)
_ALT = re.compile(r"""\salt=(?:"([^"<>]*)"|'([^'<>]*)')""", re.IGNORECASE)
_IMAGE = re.compile(r"!\[([^\[\]\n]*)\]\([^()\n]*\)")
_LINK = re.compile(r"\[([^\[\]\n]*)\]\([^()\n]*\)")
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ANCHOR = re.compile(r"\s*\{#[\w-]*\}$")


def stretches(markdown: str) -> Iterator[tuple[bool, str]]:
    """The text in order as (whether it is a fenced code block, its characters)."""
    done = 0
    for block in blocks(markdown):
        if block.kind == "code":
            yield False, markdown[done : block.start]
            yield True, markdown[block.start : block.end]
            done = block.end
    yield False, markdown[done:]


def without_markup(markdown: str) -> str:
    """Markdown without HTML tags and comments; a picture becomes `[Image: its alternative text]`, a link in
    a heading its words. Code blocks and code spans stay as they are."""
    return "".join(text if is_code else _cleaned(text) for is_code, text in stretches(markdown))


def without_enclosed(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between the two marks, the marks included; an open end stays."""
    kept = []
    done = 0
    while True:
        start = text.find(opening, done)
        end = text.find(closing, start + len(opening)) if start >= 0 else -1
        if end < 0:
            break
        kept.append(text[done:start])
        done = end + len(closing)
    return "".join(kept) + text[done:]


def image_text(alternative: str) -> str:
    """How a picture stands in the text: by what it shows, where that is said."""
    words = " ".join(alternative.split())
    return f"[Image: {words}]" if words else ""


def _cleaned(text: str) -> str:
    text = _outside_code_spans(without_enclosed(text, "<!--", "-->"), _plain)
    return "\n".join(_clean_heading(line) if line.startswith("#") else line for line in text.split("\n"))


def _outside_code_spans(text: str, change: Callable[[str], str]) -> str:
    parts = _INLINE_CODE.split(text)
    return "".join(part if position % 2 else change(part) for position, part in enumerate(parts))


def _plain(text: str) -> str:
    text = _IMAGE.sub(lambda match: image_text(match[1]), text)
    text = _HTML_IMAGE.sub(_html_image, text)
    text = _TAG.sub(lambda match: " " if match[0][1:3].lower() == "br" else "", text)
    return _ENTITY.sub(lambda match: unescape(match[0]), text)


def _html_image(match: re.Match[str]) -> str:
    alternative = _ALT.search(match[0])
    return image_text(alternative[1] or alternative[2] or "") if alternative else ""


def _clean_heading(line: str) -> str:
    return line if heading_of(line) is None else _ANCHOR.sub("", _LINK.sub(r"\1", line))
