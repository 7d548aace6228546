"""Which version of a tenant's table answers questions: a pointer file, replaced atomically.

Not a Lance tag: `Table.optimize` refuses to prune a table with an old tagged version
(`Cleanup error: 1 tagged version(s) have been marked for cleanup`), two tags cannot move in one step,
and reading a tag costs 0.6 ms where a `stat` costs 3 µs, so that every question can afford to look.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from components.core.atomic_file import write_atomically

FILE_NAME = "served.json"
FileSignature = tuple[int, int, int]


@dataclass(frozen=True)
class ServedVersion:
    """`version` answers questions; `previous` did before it, and is kept for those still reading it."""

    version: int
    previous: int | None = None

    @property
    def kept(self) -> tuple[int, ...]:
        """Versions that pruning must not touch, oldest first."""
        return tuple(sorted({self.version, *([] if self.previous is None else [self.previous])}))


def read_served(folder: Path) -> ServedVersion | None:
    """The pointer in `folder`; None before the first promotion."""
    try:
        return ServedVersion(**json.loads((folder / FILE_NAME).read_bytes()))
    except FileNotFoundError:
        return None


def write_served(folder: Path, version: int) -> None:
    """Let `version` answer from now on; the one that did becomes `previous`."""
    before = read_served(folder)
    if before is None:
        after = ServedVersion(version)
    elif before.version == version:
        return
    else:
        after = ServedVersion(version, previous=before.version)
    write_atomically(folder / FILE_NAME, json.dumps(asdict(after)).encode())


def signature(folder: Path) -> FileSignature | None:
    """Changes with every promotion (the file is a new inode each time); None before the first one."""
    try:
        status = (folder / FILE_NAME).stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
