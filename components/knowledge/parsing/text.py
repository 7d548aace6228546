"""What every format gives back, and the careful way from bytes to characters."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from components.core.documents import RawDocument
from components.core.errors import UnreadableDocument
from components.knowledge.blocks import blocks

LONGEST_TEXT = 5_000_000
_SIGNATURES = {
    b"%PDF-": "a PDF",
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"RIFF": "a RIFF file (picture or sound)",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\xd0\xcf\x11\xe0": "an old office document",
    b"\x7fELF": "a program",
}
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class ParsedText:
    """A document's text in Markdown. `declared_title` goes before the first heading, `offered_title` after it."""

    markdown: str
    declared_title: str = ""
    offered_title: str = ""


def decode(raw: RawDocument, expected: str) -> str:
    """The characters of a text file: UTF-8, or UTF-16/32 with a byte order mark.

    expected: what the file should be, for the message. Raises UnreadableDocument: `wrong_type` for bytes of
    another kind of file, `not_utf8`.
    """
    for signature, name in _SIGNATURES.items():
        if raw.content.startswith(signature):
            raise UnreadableDocument(f"{raw.document_id} is {name}; expected {expected}", reason="wrong_type")
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS if raw.content.startswith(mark)), "utf-8")
    if encoding in ("utf-8", "utf-8-sig") and b"\0" in raw.content:
        raise UnreadableDocument(f"{raw.document_id} holds NUL bytes; expected {expected}", reason="wrong_type")
    try:
        return raw.content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableDocument(
            f"{raw.document_id} is not {encoding} at byte {error.start:,}; allowed are UTF-8, or UTF-16 with a"
            " byte order mark",
            reason="not_utf8",
        ) from error


def refuse_html(raw: RawDocument, text: str, expected: str) -> None:
    """Raises UnreadableDocument (`wrong_type`) where a whole HTML page stands in a file of another kind."""
    start = text.lstrip()[:15].lower()
    if start.startswith(("<!doctype html", "<html")):
        raise UnreadableDocument(f"{raw.document_id} is an HTML page; expected {expected}", reason="wrong_type")


def first_title(markdown: str) -> str:
    """The words of the first heading of level 1, or nothing."""
    return next((block.text for block in blocks(markdown) if block.level == 1 and block.text), "")
