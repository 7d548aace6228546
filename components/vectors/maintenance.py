"""Keeping a table quick: which indices it has, and what of its past may go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lancedb.table import LanceTable

TEXT_INDEX = "embedding_text_bm25"
VECTOR_INDEX = "vector_hnsw"
CHUNK_INDEX = "chunk_id_btree"

# Exact search and HNSW take the same time at about 10,000 vectors of 384 dimensions (11.7 and 11.1 ms
# on 2 busy cores; 33 and 9 ms at 20,000), and exact search misses nothing and needs no building.
VECTOR_INDEX_FROM_ROWS = 10_000

# Each maintenance with new rows adds a segment to the vector index, and each is searched.
LARGEST_SEGMENT_COUNT = 8

# Lance compares the age with the clock at the time it prunes, a little after ours.
_AGE_MARGIN = timedelta(minutes=1)
_NEVER = timedelta(days=36_500)


def build_text_index(table: LanceTable) -> None:
    """BM25 with English stemming and stop words, unless it is there. Built on an empty table too: without
    it Lance would read fresh rows with a tokenizer that does not stem."""
    from lancedb.index import FTS

    if TEXT_INDEX not in _segments(table):
        config = FTS(language="English", stem=True, remove_stop_words=True, ascii_folding=True)
        table.create_index("embedding_text", config=config, name=TEXT_INDEX)


def build_chunk_index(table: LanceTable) -> None:
    """Rows by chunk_id without reading every id."""
    from lancedb.index import BTree

    if CHUNK_INDEX not in _segments(table):
        table.create_index("chunk_id", config=BTree(), name=CHUNK_INDEX)


def build_vector_index(table: LanceTable) -> None:
    """HNSW from VECTOR_INDEX_FROM_ROWS on, and anew where it has fallen into too many segments."""
    from lancedb.index import HnswSq

    rows, segments = table.count_rows(), _segments(table)
    if rows >= VECTOR_INDEX_FROM_ROWS and not 1 <= segments.get(VECTOR_INDEX, 0) <= LARGEST_SEGMENT_COUNT:
        table.create_index("vector", config=HnswSq(distance_type="cosine", num_partitions=1), name=VECTOR_INDEX)


def has_vector_index(table: LanceTable) -> bool:
    """Whether build_vector_index() has built one."""
    return VECTOR_INDEX in _segments(table)


def _segments(table: LanceTable) -> dict[str, int]:
    return {index.name: index.num_segments or 1 for index in table.list_indices()}


def compact(table: LanceTable) -> None:
    """Merge small files and take new rows into the indices; makes no version where there is nothing to do.

    Lance's own pruning is put off: by default it would take versions older than a week, the served one too.
    """
    table.optimize(cleanup_older_than=_NEVER)


def prune(table: LanceTable, oldest_kept: int) -> None:
    """Drop the versions before `oldest_kept`, and the files that only they use."""
    versions = {entry["version"]: entry["timestamp"] for entry in table.list_versions()}
    if oldest_kept in versions and min(versions) < oldest_kept:
        # Lance gives local time without a zone.
        age = datetime.now() - versions[oldest_kept]
        table.optimize(cleanup_older_than=age + _AGE_MARGIN)
