"""Which files a tenant's facts are in, and how far they tell: one small file that is exchanged as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from components.core.atomic_file import write_atomically

FILE = "manifest.json"
FORMAT = 1


@dataclass(frozen=True)
class Part:
    """One Parquet file. path: below the tenant's folder."""

    path: str
    rows: int
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """parts: of each dataset by month, `2026-11`. watermark: how far the source had been read, as its reader wrote it.
    refreshed_at: up to when nothing that had been committed is missing; None before the first time."""

    parts: Mapping[str, Mapping[str, Part]] = field(default_factory=dict)
    watermark: Mapping[str, Any] = field(default_factory=dict)
    refreshed_at: datetime | None = None

    def rows(self, dataset: str) -> int:
        return sum(part.rows for part in self.parts.get(dataset, {}).values())

    def with_parts(self, dataset: str, parts: Mapping[str, Part | None]) -> Manifest:
        """These months of the dataset exchanged; None takes a month away."""
        months = {**self.parts.get(dataset, {}), **parts}
        kept = {month: part for month, part in sorted(months.items()) if part is not None}
        return replace(self, parts={**self.parts, dataset: kept})


def read_manifest(folder: Path) -> Manifest:
    """An empty one where there is none yet, or one of another format: whoever writes begins anew then."""
    try:
        told = json.loads((folder / FILE).read_text("utf-8"))
    except FileNotFoundError:
        return Manifest()
    if told.get("format") != FORMAT:
        return Manifest()
    parts = {
        dataset: {month: Part(**part) for month, part in months.items()} for dataset, months in told["parts"].items()
    }
    moment = told["refreshed_at"]
    return Manifest(parts, told["watermark"], datetime.fromisoformat(moment) if moment else None)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    told = {**asdict(manifest), "format": FORMAT}
    told["refreshed_at"] = manifest.refreshed_at and manifest.refreshed_at.isoformat()
    write_atomically(folder / FILE, json.dumps(told, indent=1).encode())
