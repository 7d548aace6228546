"""The declared sources that can be read, whatever stands in the files of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from components.core.errors import InvalidSetting
from components.knowledge.source_declarations import FILE_NAME, SourceDeclaration, load_declarations


def readable_declarations(folders: Sequence[Path]) -> tuple[list[SourceDeclaration], list[InvalidSetting]]:
    """All declarations, and why others could not be read.

    For those who only look. A run reads them all or fails, since a source that went unread
    would look like one whose documents were deleted.
    """
    try:
        return load_declarations(folders), []
    except InvalidSetting:
        return _one_by_one(folders)


def _one_by_one(folders: Sequence[Path]) -> tuple[list[SourceDeclaration], list[InvalidSetting]]:
    declared: list[SourceDeclaration] = []
    problems: list[InvalidSetting] = []
    for file in sorted(path for folder in folders if folder.is_dir() for path in folder.rglob(FILE_NAME)):
        try:
            declared += [found for found in load_declarations([file.parent]) if found.file == file]
        except InvalidSetting as error:
            problems.append(error)
    return declared, problems
