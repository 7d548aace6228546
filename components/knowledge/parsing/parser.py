"""The one door of parsing: looks at the media type, calls that format, normalises what it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from components.core.documents import Document, RawDocument
from components.core.errors import InvalidInput, UnreadableDocument
from components.knowledge.blocks import heading_of
from components.knowledge.parsing.html import html_to_markdown
from components.knowledge.parsing.markdown import clean_markdown
from components.knowledge.parsing.normalising import normalise, single_line
from components.knowledge.parsing.pdf import pdf_to_markdown
from components.knowledge.parsing.plain_text import text_to_markdown
from components.knowledge.parsing.text import LONGEST_TEXT, ParsedText, first_title


@dataclass(frozen=True)
class _Format:
    name: str
    read: Callable[[RawDocument], ParsedText]


_FORMATS = {
    "text/markdown": _Format("Markdown", clean_markdown),
    "text/html": _Format("HTML", html_to_markdown),
    "text/plain": _Format("plain text", text_to_markdown),
    "application/pdf": _Format("PDF", pdf_to_markdown),
}


def parse(raw: RawDocument) -> Document:
    """The document as normalised Markdown, its title found.

    The title is what the format declares (front matter), else the first top heading, else what the
    format offers (<title>, PDF metadata), else the file's name.

    Raises UnreadableDocument with a reason: `empty`, `not_utf8`, `wrong_type`, `encrypted_pdf`, `no_text`,
    `damaged_pdf`, `too_large`. Raises InvalidInput for an unknown media type.
    """
    if raw.media_type not in _FORMATS:
        raise InvalidInput(
            f"{raw.document_id}: media type {raw.media_type!r}, allowed are {', '.join(_FORMATS)}", field="media_type"
        )
    if not raw.content.strip():
        raise UnreadableDocument(f"{raw.document_id} is empty; it needs text", reason="empty")
    parsed = _FORMATS[raw.media_type].read(raw)
    markdown = normalise(parsed.markdown)
    if not markdown:
        raise UnreadableDocument(f"{raw.document_id} holds no visible text; it needs some", reason="empty")
    if len(markdown) > LONGEST_TEXT:
        raise UnreadableDocument(
            f"{raw.document_id} holds {len(markdown):,} characters of text; allowed are {LONGEST_TEXT:,}",
            reason="too_large",
        )
    title = parsed.declared_title or first_title(markdown) or parsed.offered_title
    return Document(raw.document_id, raw.source, _visible(title) or _from_name(raw.path), markdown, raw.checksum)


def _visible(title: str) -> str:
    heading = heading_of(f"# {single_line(title)}")
    return heading[1] if heading else ""


def _from_name(path: str) -> str:
    """`returns/return_policy-2.md` -> `Return policy 2`."""
    stem = single_line(PurePosixPath(path).stem.replace("-", " ").replace("_", " "))
    return stem[:1].upper() + stem[1:] or path
