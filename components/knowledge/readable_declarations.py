"""The declared sources that can be read, whatever stands in the files of the others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from components.core.errors import InvalidSetting
from components.knowledge.source_declarations import (
    SourceDeclaration,
    add_declaration,
    declarations_in,
    declaring_files,
    load_declarations,
)

_TENANT = re.compile(r"""^\s*["']?tenant["']?\s*:\s*["']?([^\s"'#]+)""", re.MULTILINE)


@dataclass(frozen=True)
class UnreadableDeclaration:
    """A file that declares nothing that can be read. tenants: the domains that stand in it; none = anybody's."""

    file: Path
    tenants: frozenset[str]
    error: InvalidSetting

    def concerns(self, domain: str) -> bool:
        """Whether it may declare a source of this tenant."""
        return not self.tenants or domain in self.tenants


def readable_declarations(folders: Sequence[Path]) -> tuple[list[SourceDeclaration], list[UnreadableDeclaration]]:
    """All declarations, and the files that could not be read. For those who only look."""
    try:
        return load_declarations(folders), []
    except InvalidSetting:
        return _one_by_one(folders)


def declarations_of(folders: Sequence[Path], domain: str) -> list[SourceDeclaration]:
    """The sources of one tenant. Another tenant's mistake is not theirs to wait for, but a file that may declare a
    source of their own raises its InvalidSetting: gone unread, it would look like one whose documents were deleted."""
    declared, unreadable = readable_declarations(folders)
    for problem in unreadable:
        if problem.concerns(domain):
            raise problem.error
    return [found for found in declared if found.tenant == domain]


def _one_by_one(folders: Sequence[Path]) -> tuple[list[SourceDeclaration], list[UnreadableDeclaration]]:
    declared: dict[tuple[str, str], SourceDeclaration] = {}
    problems: list[UnreadableDeclaration] = []
    for file in declaring_files(folders):
        try:
            for declaration in declarations_in(file):
                add_declaration(declared, declaration)
        except InvalidSetting as error:
            problems.append(UnreadableDeclaration(file, _tenants(file), error))
    return list(declared.values()), problems


def _tenants(file: Path) -> frozenset[str]:
    try:
        return frozenset(_TENANT.findall(file.read_text(encoding="utf-8", errors="replace")))
    except OSError:
        return frozenset()
