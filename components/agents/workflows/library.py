"""The workflows that every tenant has: package data, read once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from components.agents.workflows.document import parse_document

SHIPPED_FOLDER = Path(__file__).resolve().parents[1] / "shipped"


@cache
def shipped_documents() -> Mapping[str, Mapping[str, Any]]:
    """The documents by their names."""
    return {path.stem: parse_document(path.read_text("utf-8")) for path in sorted(SHIPPED_FOLDER.glob("*.json"))}
