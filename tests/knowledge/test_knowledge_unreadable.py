"""Files that are not what their ending says: each with its reason, the message naming the file."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from pypdf import PdfReader, PdfWriter

from components.core.documents import RawDocument
from components.core.errors import InvalidInput, UnreadableDocument
from components.knowledge.parsing import parse
from components.knowledge.parsing.pdf import pdf_to_markdown

MakeRaw = Callable[..., RawDocument]


def reason(raw: RawDocument) -> str:
    with pytest.raises(UnreadableDocument, match=raw.document_id) as caught:
        parse(raw)
    return caught.value.reason


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("a.md", b"", "empty"),
        ("a.txt", b" \n\t\r\n", "empty"),
        ("a.txt", "\ufeff\u200b".encode(), "empty"),
        ("a.md", b"---\ntitle: Only front matter\n---\n", "empty"),
        ("a.html", b"<html><head><title>T</title></head><body><nav>Menu</nav></body></html>", "empty"),
        ("a.md", b"\x89PNG\r\n\x1a\n\0\0", "wrong_type"),
        ("a.md", b"%PDF-1.7\n...", "wrong_type"),
        ("a.md", b"<!DOCTYPE html>\n<html><body>x</body></html>", "wrong_type"),
        ("a.txt", b"text\0with nul", "wrong_type"),
        ("a.html", b"PK\x03\x04 office", "wrong_type"),
        ("a.html", b"just a line of text", "wrong_type"),
        ("a.pdf", b"<html><body>Not found</body></html>", "wrong_type"),
        ("a.pdf", b"", "empty"),
        ("a.md", b"caf\xe9", "not_utf8"),
        ("a.md", "odd".encode("utf-16") + b"x", "not_utf8"),
        ("a.txt", b"word " * 1_000_001, "too_large"),
        ("a.pdf", b"%PDF-1.7\n" + b"garbage " * 500, "damaged_pdf"),
    ],
)
def test_a_file_that_is_not_what_its_ending_says_is_refused_with_its_reason(
    make_raw: MakeRaw, path: str, content: bytes, expected: str
) -> None:
    assert reason(make_raw(path, content)) == expected


def test_pdfs_that_are_encrypted_cut_off_or_scanned_are_told_apart(make_raw: MakeRaw, manual_pdf: bytes) -> None:
    encrypted, scanned = PdfWriter(), PdfWriter()
    encrypted.append(PdfReader(BytesIO(manual_pdf)))
    encrypted.encrypt("secret", algorithm="AES-256")
    scanned.add_blank_page(300, 300)
    for writer, expected in ((encrypted, "encrypted_pdf"), (scanned, "no_text")):
        target = BytesIO()
        writer.write(target)
        assert reason(make_raw("a.pdf", target.getvalue())) == expected
    assert reason(make_raw("a.pdf", manual_pdf[:700])) == "damaged_pdf"


def test_a_pdf_that_takes_too_long_is_given_up(make_raw: MakeRaw, manual_pdf: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=r"0\.05 s") as caught:
        pdf_to_markdown(make_raw("slow.pdf", manual_pdf), deadline=0.05)
    assert caught.value.reason == "damaged_pdf"


def test_an_unknown_media_type_is_a_mistake_of_the_caller(make_raw: MakeRaw) -> None:
    with pytest.raises(InvalidInput, match=r"image/png.*text/markdown"):
        parse(make_raw("a.png", b"x", "image/png"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks_are_accepted(make_raw: MakeRaw, encoding: str) -> None:
    assert parse(make_raw("a.md", "# Café\n\nText.".encode(encoding))).markdown == "# Café\n\nText."
