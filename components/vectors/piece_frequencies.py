"""In how many passages a wordpiece occurs: what late interaction weighs a question's words by."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.vectors.atomic_file import write_atomically

FOLDER = "piece_frequencies"


def count_pieces(batches: Iterable[pa.RecordBatch]) -> dict[str, int]:
    """Document frequency by wordpiece, from batches with a `pieces` column (distinct ones in each row)."""
    counts: dict[str, int] = {}
    for batch in batches:
        for entry in pc.value_counts(pc.list_flatten(batch.column("pieces"))).to_pylist():
            piece = entry["values"]
            counts[piece] = counts.get(piece, 0) + entry["counts"]
    return counts


def store_frequencies(folder: Path, version: int, counts: dict[str, int]) -> None:
    """Keep the counts of one version of the table in the tenant's `folder`."""
    write_atomically(_path(folder, version), json.dumps(counts, ensure_ascii=False).encode())


def find_frequencies(folder: Path, version: int) -> dict[str, int] | None:
    """The counts of one version; None where it was never maintained."""
    try:
        counts: dict[str, int] = json.loads(_path(folder, version).read_bytes())
    except FileNotFoundError:
        return None
    return counts


def prune_frequencies(folder: Path, oldest_kept: int) -> None:
    """Drop the counts of versions below `oldest_kept`."""
    for path in (folder / FOLDER).glob("*.json"):
        if path.stem.isdecimal() and int(path.stem) < oldest_kept:
            path.unlink(missing_ok=True)


def _path(folder: Path, version: int) -> Path:
    return folder / FOLDER / f"{version}.json"
