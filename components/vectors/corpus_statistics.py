"""What a version of the table knows of its passages as a whole: retrieval weighs a question by it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from components.core.atomic_file import write_atomically
from components.core.words import words_of

FOLDER = "corpus_statistics"
COLUMNS = ["pieces", "embedding_text", "coherence"]


@dataclass(frozen=True)
class CorpusStatistics:
    """pieces, words: in how many passages a wordpiece, a lower-case word occurs. coherence: mean over the passages
    of TokenCodec's coherence(); None where there are no token vectors."""

    pieces: Mapping[str, int]
    words: Mapping[str, int]
    coherence: float | None


def gather_statistics(batches: Iterable[pa.RecordBatch]) -> CorpusStatistics:
    """From batches with COLUMNS; `pieces` holds each row's distinct ones."""
    pieces: dict[str, int] = {}
    words: dict[str, int] = {}
    total, measured = 0.0, 0
    for batch in batches:
        for entry in pc.value_counts(pc.list_flatten(batch.column("pieces"))).to_pylist():
            pieces[entry["values"]] = pieces.get(entry["values"], 0) + entry["counts"]
        for text in batch.column("embedding_text").to_pylist():
            for word in words_of(text or ""):
                words[word] = words.get(word, 0) + 1
        known = pc.drop_null(batch.column("coherence"))
        total, measured = total + (pc.sum(known).as_py() or 0.0), measured + len(known)
    return CorpusStatistics(pieces, words, total / measured if measured else None)


def store_statistics(folder: Path, version: int, statistics: CorpusStatistics) -> None:
    """Keep the statistics of one version of the table in the tenant's `folder`."""
    write_atomically(_path(folder, version), json.dumps(asdict(statistics), ensure_ascii=False).encode())


def find_statistics(folder: Path, version: int) -> CorpusStatistics | None:
    """The statistics of one version; None where it was never maintained."""
    try:
        return CorpusStatistics(**json.loads(_path(folder, version).read_bytes()))
    except FileNotFoundError:
        return None


def prune_statistics(folder: Path, oldest_kept: int) -> None:
    """Drop the statistics of versions below `oldest_kept`."""
    for path in (folder / FOLDER).glob("*.json"):
        if path.stem.isdecimal() and int(path.stem) < oldest_kept:
            path.unlink(missing_ok=True)


def _path(folder: Path, version: int) -> Path:
    return folder / FOLDER / f"{version}.json"
