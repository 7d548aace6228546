"""The stages of knowledge on its way in: raw document, document, chunk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256


@dataclass(frozen=True)
class RawDocument:
    """Bytes as a source gave them.

    document_id: stable and readable, `<source name>/<path below the source>`, POSIX separators.
    media_type: what the name promises: text/markdown, text/html, text/plain or application/pdf.
    checksum: sha256 of `content`, hexadecimal.
    changed_at: when it was last changed, as its source says; None where it does not say.
    """

    document_id: str
    source: str
    path: str
    media_type: str
    content: bytes
    checksum: str
    changed_at: datetime | None = None


@dataclass(frozen=True)
class Document:
    """A document normalised to Markdown. `checksum` is that of the raw bytes it came from."""

    document_id: str
    source: str
    title: str
    markdown: str
    checksum: str


@dataclass(frozen=True)
class DocumentProblem:
    """Why one document could not be used; reported to the knowledge manager, the others go on.

    reason: a short stable word, such as `empty`, `encrypted_pdf`, `not_utf8`, `wrong_type`,
    `too_large`, `outside_folder`, `duplicate`.
    """

    document_id: str
    reason: str
    message: str


@dataclass(frozen=True)
class Chunk:
    """A passage small enough for the embedder to read whole.

    heading_path: the headings above the passage, outermost first, without the document's title.
    text: Markdown as it stands in the document (what is quoted and shown).
    tokens: length of `embedding_text` in the embedder's own tokens, special tokens left out.
    """

    chunk_id: str
    document_id: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    position: int
    tokens: int

    @property
    def section(self) -> str:
        """The heading path as a person reads it: `Returns > Exceptions`."""
        return " > ".join(self.heading_path)

    @property
    def embedding_text(self) -> str:
        """What is embedded and searched: the passage under its title and headings."""
        return embedding_text(self.title, self.heading_path, self.text)


def embedding_text(title: str, heading_path: tuple[str, ...], text: str) -> str:
    """The passage under its title and headings, each on a line of its own; empty parts left out."""
    heading = " > ".join(part for part in (title, *heading_path) if part)
    return f"{heading}\n{text}" if heading else text


def chunk_id(document_id: str, title: str, heading_path: tuple[str, ...], text: str, occurrence: int = 0) -> str:
    """Stable id from content: the same passage of the same document keeps it wherever it moves to.

    All that is embedded is part of it, so that an equal id means an equal vector.
    occurrence: 0 for the first passage with this content in its document, 1 for the second, ...
    """
    parts = "\x1f".join((document_id, title, *heading_path, text, str(occurrence)))
    return sha256(parts.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class SourceSnapshot:
    """Everything a source holds at one moment. A listing that failed raises instead: an absent
    document means a deleted one."""

    documents: tuple[RawDocument, ...]
    problems: tuple[DocumentProblem, ...] = field(default=())
