"""One version of a tenant's table, read by many threads at once while writers build the next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from components.core.answers import Passage
from components.core.embeddings import Vector
from components.core.errors import IndexUnavailable, InvalidInput
from components.vectors.row_ids import RowIds
from components.vectors.schema import PASSAGE_COLUMNS
from components.vectors.sql import any_of
from components.vectors.token_codec import TokenCodec, TokenMatrix

if TYPE_CHECKING:
    from lancedb.table import LanceTable

DEADLINE = timedelta(seconds=10)
LARGEST_K = 1000
REFINE_FACTOR = 2
SMALLEST_EF = 100
_IDS_A_FILTER = 1000


class IndexSnapshot:
    """A version of a tenant's index: read-only, thread-safe, the same answers for as long as it lives.

    Made by TenantIndex. Searches raise InvalidInput for an unusable vector, `k` or `where`, and
    IndexUnavailable where the table does not answer within 10 s or its files are gone.
    `where` is Lance SQL over the table's columns (components.vectors.filters writes it); the filter
    is applied before the search, so that k passages come back where k match.
    """

    def __init__(
        self,
        table: LanceTable,
        dimensions: int,
        load_codec: Callable[[], TokenCodec | None],
        load_frequencies: Callable[[], Mapping[str, int]],
    ) -> None:
        self._table: Any = table
        self._dimensions = dimensions
        self._load_codec = load_codec
        self._load_frequencies = load_frequencies
        self._row_ids = RowIds()
        self.version = int(table.version)

    @cached_property
    def codec(self) -> TokenCodec | None:
        """What wrote the token vectors; a question's tokens go through its project(). None without tokens."""
        return self._load_codec()

    def count(self, where: str | None = None) -> int:
        """Rows in this version, or those that match."""
        return int(self._table.count_rows(where))

    def search_vector(self, vector: Vector, k: int, where: str | None = None) -> list[Passage]:
        """The k nearest passages, best first; `score` is the cosine similarity.

        vector: shape (dimensions,). Exact while the table has no vector index; with one (HNSW; Malkov
        and Yashunin 2016, on 8-bit scalars) the 2k best are scored again on their own float32 vectors.
        """
        _check_k(k)
        if vector.shape != (self._dimensions,) or not np.isfinite(vector).all():
            raise InvalidInput(f"query vector of shape {vector.shape}: allowed are {self._dimensions} finite numbers")
        query = (
            self._table.search(np.asarray(vector, np.float32), vector_column_name="vector")
            .distance_type("cosine")
            .ef(max(SMALLEST_EF, 2 * k))
            .refine_factor(REFINE_FACTOR)
        )
        found = self._search(query, "_distance", k, where)
        return self._passages(found, [1.0 - distance for distance in found.column("_distance").to_pylist()], "vector")

    def search_text(self, query: str, k: int, where: str | None = None) -> list[Passage]:
        """The k passages with the best BM25 score (Robertson and Zaragoza 2009), best first; passages
        that share no word with the query are not among them. Any text is safe: it has no operators."""
        from lancedb.query import MatchQuery

        match: Any = MatchQuery  # a pydantic dataclass: its defaults are invisible to mypy
        _check_k(k)
        words = query.encode("utf-8", "replace").decode()
        if not words.strip():
            return []
        found = self._search(self._table.search(match(words, "embedding_text"), query_type="fts"), "_score", k, where)
        return self._passages(found, found.column("_score").to_pylist(), "text")

    def token_vectors(self, chunk_ids: Sequence[str]) -> dict[str, TokenMatrix]:
        """Compressed token vectors by chunk; chunks that are absent or have none are left out."""
        located = self._locate(chunk_ids)
        return self._token_matrices(self._take_rows(located, ["token_vectors"]), located)

    def vectors(self, chunk_ids: Sequence[str]) -> dict[str, Vector]:
        """Pooled vectors, float32, by chunk; chunks that are absent or have none are left out."""
        located = self._locate(chunk_ids)
        return self._pooled_vectors(self._take_rows(located, ["vector"]), located)

    def embeddings(self, chunk_ids: Sequence[str]) -> tuple[dict[str, Vector], dict[str, TokenMatrix]]:
        """vectors() and token_vectors() in one read, for a question's candidates."""
        located = self._locate(chunk_ids)
        table = self._take_rows(located, ["vector", "token_vectors"])
        return self._pooled_vectors(table, located), self._token_matrices(table, located)

    def passages(self, chunk_ids: Sequence[str]) -> dict[str, Passage]:
        """Passages by chunk, with a score of 0; absent chunks are left out."""
        located = self._locate(chunk_ids)
        table = self._take_rows(located, list(PASSAGE_COLUMNS))
        found = {passage.chunk_id: passage for passage in self._passages(table, [0.0] * table.num_rows, None)}
        return {chunk_id: found[chunk_id] for chunk_id in located}

    def piece_frequencies(self) -> Mapping[str, int]:
        """In how many passages of this version each wordpiece occurs; with count() the ground for idf."""
        return self._frequencies

    def rows(self, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Whole columns of the rows that match, in the order of the table."""
        query = self._table.search().select(list(columns)).limit(None)
        if where is not None:
            query = query.where(where)
        return _answer(query)

    @cached_property
    def _frequencies(self) -> Mapping[str, int]:
        return self._load_frequencies()

    def _search(self, query: Any, score: str, k: int, where: str | None) -> pa.Table:
        query = query.limit(k).select([*PASSAGE_COLUMNS, score]).with_row_id(True)
        if where is not None:
            query = query.where(where)
        return _answer(query)

    def _passages(self, table: pa.Table, scores: Sequence[float], stage: str | None) -> list[Passage]:
        columns = [table.column(name).to_pylist() for name in PASSAGE_COLUMNS]
        self._row_ids.remember(zip(columns[0], table.column("_rowid").to_pylist(), strict=True))
        return [
            Passage(
                chunk_id,
                document_id or "",
                title or "",
                section or "",
                text or "",
                score,
                {stage: score} if stage else {},
            )
            for chunk_id, document_id, title, section, text, score in zip(*columns, scores, strict=True)
        ]

    def _locate(self, chunk_ids: Sequence[str]) -> dict[str, int]:
        wanted = list(dict.fromkeys(chunk_ids))
        known = self._row_ids.recall(wanted)
        unknown = iter([chunk_id for chunk_id in wanted if chunk_id not in known])
        while batch := list(islice(unknown, _IDS_A_FILTER)):
            query = self._table.search().where(any_of("chunk_id", batch)).select(["chunk_id"])
            found = _answer(query.with_row_id(True).limit(len(batch)))
            pairs = list(zip(found.column("chunk_id").to_pylist(), found.column("_rowid").to_pylist(), strict=True))
            self._row_ids.remember(pairs)
            known.update(pairs)
        return {chunk_id: known[chunk_id] for chunk_id in wanted if chunk_id in known}

    def _take_rows(self, located: Mapping[str, int], columns: list[str]) -> pa.Table:
        query = self._table.take_row_ids(list(located.values())).select(columns).with_row_id()
        return _answer(query)

    def _token_matrices(self, table: pa.Table, located: Mapping[str, int]) -> dict[str, TokenMatrix]:
        codec = self.codec
        if codec is None:
            return {}
        data = dict(zip(table.column("_rowid").to_pylist(), table.column("token_vectors").to_pylist(), strict=True))
        found = ((chunk_id, data[row_id]) for chunk_id, row_id in located.items())
        return {chunk_id: codec.decode(encoded) for chunk_id, encoded in found if encoded is not None}

    def _pooled_vectors(self, table: pa.Table, located: Mapping[str, int]) -> dict[str, Vector]:
        column = table.column("vector").combine_chunks()
        row_ids = table.column("_rowid").filter(column.is_valid()).to_pylist()
        matrix = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, self._dimensions)
        by_row = dict(zip(row_ids, matrix, strict=True))
        return {chunk_id: by_row[row_id] for chunk_id, row_id in located.items() if row_id in by_row}


def _check_k(k: int) -> None:
    if not 1 <= k <= LARGEST_K:
        raise InvalidInput(f"k={k}: allowed is 1 to {LARGEST_K}", field="k")


def _answer(query: Any) -> pa.Table:
    """What Lance answers, its failures told in our errors: a bad filter is a ValueError or says
    `invalid user input`, all else is a fault of storage or of time."""
    try:
        return query.to_arrow(timeout=DEADLINE)
    except ValueError as error:
        raise InvalidInput(f"the index refused the query: {error}") from error
    except (RuntimeError, OSError) as error:
        raise IndexUnavailable(f"the index did not answer: {error}") from error
