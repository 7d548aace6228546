"""PDFs as Markdown, read in a process of their own, so that no file can hang or bring down the caller."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from components.core.documents import RawDocument
from components.core.errors import UnreadableDocument
from components.knowledge.parsing.text import ParsedText

DEADLINE_SECONDS = 120.0
_PACKAGE_ROOT = Path(__file__).resolve().parents[3]
_MESSAGES = {
    "encrypted_pdf": "is encrypted; allowed are PDFs that open without a password",
    "no_text": "holds no text, only pictures (a scan?); allowed are PDFs with text",
    "damaged_pdf": "cannot be read as a PDF; allowed are whole PDFs",
    "too_large": "holds more text or pages than can be read; split it",
}


def pdf_to_markdown(raw: RawDocument, *, deadline: float = DEADLINE_SECONDS) -> ParsedText:
    """Headings, paragraphs, lists and tables of a PDF as Markdown; `offered_title` is its metadata's.

    deadline: seconds that the reading process gets. Raises UnreadableDocument: `wrong_type`,
    `encrypted_pdf`, `no_text`, `damaged_pdf` (a reader that fails, or passes the deadline or 3 GiB, too),
    `too_large`.
    """
    if b"%PDF-" not in raw.content[:1024]:
        raise UnreadableDocument(f"{raw.document_id} does not begin as a PDF; expected a PDF", reason="wrong_type")
    command = [sys.executable, "-m", "components.knowledge.parsing.pdf_worker"]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, its input on stdin
            command, input=raw.content, capture_output=True, timeout=deadline, cwd=_PACKAGE_ROOT, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableDocument(
            f"{raw.document_id} could not be read within {deadline:g} s; allowed are PDFs that can",
            reason="damaged_pdf",
        ) from error
    if done.returncode != 0:
        last_line = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise _unreadable(raw, "damaged_pdf", last_line[:300])
    read = json.loads(done.stdout)
    if "reason" in read:
        raise _unreadable(raw, read["reason"], "")
    return ParsedText(read["markdown"], offered_title=read["title"])


def _unreadable(raw: RawDocument, reason: str, detail: str) -> UnreadableDocument:
    return UnreadableDocument(
        f"{raw.document_id} {_MESSAGES[reason]}" + (f" ({detail})" if detail else ""), reason=reason
    )
