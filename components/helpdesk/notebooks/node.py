"""Notebook files read and written as nbformat's nodes."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def read_node(path: Path) -> Any:
    """Raises OSError, and ValueError for a file that is no notebook."""
    import nbformat

    return nbformat.read(path, as_version=nbformat.NO_CONVERT)  # type: ignore[no-untyped-call]


def write_node(node: Any, path: Path) -> None:
    """Raises OSError."""
    import nbformat

    nbformat.write(node, path)  # type: ignore[no-untyped-call]
