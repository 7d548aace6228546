"""What a file is, by its content: only what people show each other is taken, and never under another's name."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path, PurePath
from types import MappingProxyType

import filetype

from components.core.errors import UnsupportedMedia

_OFFICE = "application/vnd.openxmlformats-officedocument"
_DOCX, _XLSX = f"{_OFFICE}.wordprocessingml.document", f"{_OFFICE}.spreadsheetml.sheet"
_ZIP = "application/zip"
_ODT = "application/vnd.oasis.opendocument.text"
# What is taken, and how each may end.
ENDINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "image/png": ("png",),
        "image/jpeg": ("jpg", "jpeg"),
        "image/gif": ("gif",),
        "image/webp": ("webp",),
        "application/pdf": ("pdf",),
        "text/plain": ("txt", "log"),
        "text/csv": ("csv",),
        _DOCX: ("docx",),
        _XLSX: ("xlsx",),
        _ODT: ("odt",),
    }
)
ALLOWED = ", ".join(ending for endings in ENDINGS.values() for ending in endings)

_SIGNATURE_BYTES = 8192
_LONGEST_MIMETYPE = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# Where it begins so, or says so in its first lines, a browser or an image viewer might run it.
_MARKUP = re.compile(
    r"<(?:!doctype\s+(?P<doctype>\w+)|\?(?P<xml>xml)|(?P<tag>html|head|body|script|svg|iframe)\b)", re.I
)
_MARKUP_WITHIN = 1024


def media_type_of(path: Path, name: str) -> str:
    """The media type of a file's content. name: the one that it is to have. Raises UnsupportedMedia with what was
    found and what is allowed, also where the name ends in another way than such content does."""
    found, label = _found(path)
    ending = PurePath(name).suffix.removeprefix(".").lower()
    if found == "text/plain" and ending in ENDINGS["text/csv"]:
        found = "text/csv"
    if found not in ENDINGS:
        raise UnsupportedMedia(f"{name}: the content is {label or found}; allowed are {ALLOWED}", field="file")
    if ending not in ENDINGS[found]:
        allowed = " or ".join(f".{each}" for each in ENDINGS[found])
        raise UnsupportedMedia(f"{name}: the content is {found}, whose name ends in {allowed}", field="file")
    return found


def _found(path: Path) -> tuple[str, str | None]:
    """A media type, and what to call it where that says little."""
    with path.open("rb") as file:
        start = file.read(_SIGNATURE_BYTES)
    if start.startswith(b"PK"):
        return _in_archive(path)
    guessed = filetype.guess_mime(start)
    if guessed in ENDINGS:
        return guessed, None
    text = _text(path)
    if text is None:
        names = {"application/x-msdownload": "a Windows program", "application/x-executable": "a program"}
        return guessed or "unknown", names.get(guessed, "of an unknown kind" if guessed is None else None)
    markup = _MARKUP.search(text[:_MARKUP_WITHIN])
    if markup is None:
        return "text/plain", None
    what = (markup["doctype"] or markup["xml"] or markup["tag"]).lower()
    return ("image/svg+xml", "SVG") if what == "svg" else ("text/html", "HTML or XML")


def _in_archive(path: Path) -> tuple[str, str | None]:
    """Which office document a ZIP archive is, by what it lists; nothing large is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            if any(name.lower().endswith("vbaproject.bin") or name.startswith("Basic/") for name in names):
                return _ZIP, "a document with macros"
            if "mimetype" in names and archive.getinfo("mimetype").file_size <= _LONGEST_MIMETYPE:
                told = archive.read("mimetype").decode("ascii", "replace").strip()
                return told, None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, ValueError):
        return _ZIP, "a damaged ZIP archive"
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return _DOCX, None
        if "xl/workbook.xml" in names:
            return _XLSX, None
    return _ZIP, "a ZIP archive"


def _text(path: Path) -> str | None:
    """The whole content, where it is text; None where it is not."""
    content = path.read_bytes()
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return None if not text or _CONTROL.search(text) else text
    return None
