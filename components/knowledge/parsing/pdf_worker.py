"""The process that reads one PDF: bytes on stdin, a JSON object with markdown and title, or reason, on stdout."""

from __future__ import annotations

import io
import json
import resource
import sys

from components.knowledge.parsing.pdf_lines import LayoutElement, page_elements
from components.knowledge.parsing.pdf_structure import elements_to_markdown

_MEMORY_BYTES = 3 * 1024**3
_MOST_PAGES = 2_000
_MOST_CHARACTERS = 6_000_000


def read_pdf(content: bytes) -> dict[str, str]:
    """What the parent is told: `markdown` and `title`, or `reason`. What pdfplumber raises for a damaged
    file beyond its own errors is left to end the process, which tells the parent as much."""
    import pdfplumber
    from pdfminer.pdfdocument import PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfplumber.utils.exceptions import MalformedPDFException, PdfminerException

    try:
        with pdfplumber.open(io.BytesIO(content)) as pdf:
            if len(pdf.pages) > _MOST_PAGES:
                return {"reason": "too_large"}
            pages: list[list[LayoutElement]] = []
            characters = 0
            for page in pdf.pages:
                pages.append(page_elements(page))
                characters += len(page.chars)
                if characters > _MOST_CHARACTERS:
                    return {"reason": "too_large"}
                page.close()
            title = str(pdf.metadata.get("Title") or "")
    except (PdfminerException, MalformedPDFException, PDFException) as error:
        causes = (error, *error.args)
        encrypted = any(isinstance(cause, PDFPasswordIncorrect) for cause in causes)
        return {"reason": "encrypted_pdf" if encrypted else "damaged_pdf"}
    if not pages:
        return {"reason": "damaged_pdf"}
    if not any(pages):
        return {"reason": "no_text"}
    return {"markdown": elements_to_markdown(pages), "title": "" if title.lower() in _NO_TITLES else title}


_NO_TITLES = ("untitled", "(anonymous)", "anonymous", "unspecified")


def main() -> None:
    """Reads stdin, writes stdout. Memory is limited, so that a hostile file ends this process and no other."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    json.dump(read_pdf(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
