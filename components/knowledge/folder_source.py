"""A folder of files as a knowledge source: what is in it, and what in it cannot be used, and why."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import sha256
from pathlib import Path, PurePosixPath

from components.core.documents import DocumentProblem, RawDocument, SourceSnapshot
from components.core.errors import InvalidInput, Unavailable

MEDIA_TYPES = {
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".mdx": "text/markdown",
    ".html": "text/html",
    ".htm": "text/html",
    ".txt": "text/plain",
    ".pdf": "application/pdf",
}
MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class _Entry:
    """A name in the folder: a file with its state, or the reason why it is none to read."""

    path: Path
    relative: str
    size: int = 0
    modified_ns: int = 0
    reason: str = ""
    detail: str = ""


class FolderSource:
    """Markdown, HTML, text and PDF files of a folder and those below it; hidden ones are left out.

    Keeps the KnowledgeSource Protocol. A document's id is `<name>/<path below the folder>`, NFC.
    Problems are `outside_folder`, `too_large`, `unreadable`, `unsupported_type` and `duplicate`.

    include: patterns of paths below the folder (`*.md`, `returns/*`); none = every supported file, and a
        file of another type is then reported. Patterns are matched as shells do, * across folders.
    """

    def __init__(
        self, name: str, folder: Path, include: Sequence[str] | None = None, max_bytes: int = MAX_BYTES
    ) -> None:
        """Raises InvalidInput for an empty name, one with a slash, or max_bytes below 1. Opens nothing."""
        if not name.strip() or "/" in name or "\\" in name:
            raise InvalidInput(f"source name {name!r}: allowed is a name without slashes", field="name")
        if max_bytes < 1:
            raise InvalidInput(f"max_bytes={max_bytes}: allowed is 1 or more", field="max_bytes")
        self._name = unicodedata.normalize("NFC", name)
        self._folder = Path(folder)
        self._include = tuple(include) if include is not None else None
        self._max_bytes = max_bytes

    @property
    def name(self) -> str:
        return self._name

    @property
    def folder(self) -> Path:
        return self._folder

    def fingerprint(self) -> str:
        """Checksum of names, sizes and times of change. Raises Unavailable where the folder cannot be listed."""
        lines = [f"{entry.relative}\0{entry.size}\0{entry.modified_ns}\0{entry.reason}" for entry in self._entries()]
        return sha256("\n".join(lines).encode(errors="surrogateescape")).hexdigest()

    def snapshot(self) -> SourceSnapshot:
        """Every file, sorted by path. Raises Unavailable where the folder, or one below it, cannot be listed."""
        documents: list[RawDocument] = []
        problems: list[DocumentProblem] = []
        first_with: dict[tuple[str, str], str] = {}
        for entry in self._entries():
            read = self._read(entry)
            if isinstance(read, DocumentProblem):
                problems.append(read)
                continue
            # Of another type the same bytes are another document: one of the two is misnamed and will be refused.
            content = (read.checksum, read.media_type)
            if read.content.strip() and content in first_with:
                message = f"{read.document_id} has the same content as {first_with[content]}"
                problems.append(DocumentProblem(read.document_id, "duplicate", message))
            else:
                first_with.setdefault(content, read.document_id)
                documents.append(read)
        return SourceSnapshot(tuple(documents), tuple(problems))

    def _read(self, entry: _Entry) -> RawDocument | DocumentProblem:
        document_id = f"{self._name}/{entry.relative}"
        media_type = MEDIA_TYPES.get(PurePosixPath(entry.relative).suffix.lower())
        if entry.reason:
            return DocumentProblem(document_id, entry.reason, f"{document_id} {entry.detail}")
        if media_type is None:
            allowed = ", ".join(MEDIA_TYPES)
            return DocumentProblem(
                document_id, "unsupported_type", f"{document_id} has no supported ending; allowed are {allowed}"
            )
        try:
            with entry.path.open("rb") as file:
                content = file.read(self._max_bytes + 1)
        except OSError as error:
            return DocumentProblem(document_id, "unreadable", f"{document_id} cannot be read: {error.strerror}")
        if len(content) > self._max_bytes:
            size = max(entry.size, len(content))
            message = f"{document_id} has {size:,} bytes; allowed are {self._max_bytes:,}"
            return DocumentProblem(document_id, "too_large", message)
        checksum = sha256(content).hexdigest()
        changed_at = datetime.fromtimestamp(entry.modified_ns / 1e9, UTC)
        return RawDocument(document_id, self._name, entry.relative, media_type, content, checksum, changed_at)

    def _entries(self) -> list[_Entry]:
        try:
            root = self._folder.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise Unavailable(
                f"knowledge source {self._name!r}: folder {self._folder} cannot be opened ({error})", field="folder"
            ) from error
        if not root.is_dir():
            raise Unavailable(f"knowledge source {self._name!r}: {self._folder} is no folder", field="folder")
        entries = [entry for entry in self._walk(root, root) if self._wanted(entry.relative)]
        return sorted(entries, key=lambda entry: entry.relative)

    def _wanted(self, relative: str) -> bool:
        return self._include is None or any(fnmatchcase(relative, pattern) for pattern in self._include)

    def _walk(self, folder: Path, root: Path) -> Iterator[_Entry]:
        try:
            names = sorted(os.listdir(folder))
        except FileNotFoundError:
            if folder != root:
                return  # removed while the walk was under way: it is no longer there, and that is the truth
            raise self._unlisted(folder, "it vanished") from None
        except OSError as error:
            raise self._unlisted(folder, error.strerror or str(error)) from error
        for name in names:
            if name.startswith("."):
                continue
            path = folder / name
            entry = self._look_at(path, root)
            if entry is None:
                yield from self._walk(path, root)
            elif entry.reason != "vanished":
                yield entry

    def _unlisted(self, folder: Path, why: str) -> Unavailable:
        return Unavailable(f"knowledge source {self._name!r}: {folder} cannot be listed: {why}", field="folder")

    def _look_at(self, path: Path, root: Path) -> _Entry | None:
        """The entry at `path`; None for a folder to walk into. Links to folders are not followed: within the
        folder they would only show the same files again."""
        relative = _relative(path, root)
        try:
            own = path.lstat()
            if not stat.S_ISLNK(own.st_mode):
                return None if stat.S_ISDIR(own.st_mode) else self._file(path, relative, own)
            target = path.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            return _Entry(
                path, relative, reason="unreadable", detail=f"is a link that leads nowhere or to itself: {error}"
            )
        if not target.is_relative_to(root):
            return _Entry(path, relative, reason="outside_folder", detail=f"links to {target}, outside {root}")
        if target.is_dir():
            return _Entry(
                path, relative, reason="unsupported_type", detail="is a link to a folder; link files, or copy"
            )
        return self._file(target, relative, target.stat())

    def _file(self, path: Path, relative: str, state: os.stat_result) -> _Entry:
        entry = _Entry(path, relative, state.st_size, state.st_mtime_ns)
        if not stat.S_ISREG(state.st_mode):
            return _Entry(
                path, relative, reason="unsupported_type", detail="is no regular file (a pipe, a socket, a device)"
            )
        if state.st_size > self._max_bytes:
            detail = f"has {state.st_size:,} bytes; allowed are {self._max_bytes:,}"
            return _Entry(path, relative, state.st_size, state.st_mtime_ns, "too_large", detail)
        return entry


def _relative(path: Path, root: Path) -> str:
    """POSIX, NFC; bytes that are no UTF-8 are shown escaped, so that an id is always printable."""
    text = path.relative_to(root).as_posix().encode(errors="surrogateescape").decode(errors="backslashreplace")
    return unicodedata.normalize("NFC", text)
