"""Lance's answers for one version of a table, each in one hop to its event loop, failures told in our errors.

The synchronous query API of lancedb hops between threads several times a query: 7.6 ms where this takes
3.7 (nearest 30 of 100,000 on 2 busy cores). Row ids and scores come first, columns by row id after: asked
for together, Lance reads them twice as slowly.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from components.core.embeddings import Vector
from components.core.errors import IndexUnavailable, InvalidInput, NotFound
from components.vectors.schema import TABLE

if TYPE_CHECKING:
    from lancedb.table import AsyncTable

DEADLINE = timedelta(seconds=10)
INDEX_CACHE_BYTES = 512 * 1024 * 1024
METADATA_CACHE_BYTES = 64 * 1024 * 1024
SMALLEST_EF = 100

Result = TypeVar("Result")


@dataclass(frozen=True)
class Hits:
    """Row ids with their cosine distance or BM25 score, best first."""

    row_ids: list[int]
    values: list[float]


class TableReader:
    """One version of a table. Thread-safe.

    Every method raises InvalidInput where Lance refuses the query, and IndexUnavailable where it does
    not answer within 10 s or files are gone.
    """

    def __init__(self, folder: Path, version: int) -> None:
        """Opens `version` of the table in `folder`. Raises NotFound for one that is not there."""
        self.version = version
        try:
            self._table = _run(_open(folder, version))
        except ValueError as error:
            raise NotFound(f"index version {version}: {error}", field="version") from error

    @property
    def schema(self) -> pa.Schema:
        return _ask(self._table.schema())

    def count(self, where: str | None = None) -> int:
        """Rows that match, or all."""
        return _ask(self._table.count_rows(where))

    def nearest(self, vector: Vector, k: int, where: str | None) -> Hits:
        """The k nearest by cosine; by HNSW on 8-bit scalars where the table has it, else exactly."""
        return _ask(self._nearest(vector, k, where))

    def matching(self, words: str, k: int, where: str | None) -> Hits:
        """The k best by BM25 on `embedding_text`."""
        return _ask(self._matching(words, k, where))

    def nearest_and_matching(
        self, vector: Vector, near: int, words: str, k: int, where: str | None
    ) -> tuple[Hits, Hits]:
        """nearest() of `near` and matching() of k, at the same time."""

        async def both() -> tuple[Hits, Hits]:
            return await asyncio.gather(self._nearest(vector, near, where), self._matching(words, k, where))

        return _ask(both())

    def take(self, row_ids: Sequence[int], columns: Sequence[str]) -> pa.Table:
        """Columns and `_rowid` of rows, in no certain order."""
        query: Any = self._table.take_row_ids(list(row_ids))
        return _ask(query.select(list(columns)).with_row_id().to_arrow(timeout=DEADLINE))

    def scan(self, columns: Sequence[str], where: str | None = None) -> pa.Table:
        """Columns and `_rowid` of all rows that match, in the order of the table."""
        query: Any = self._table.query().select(list(columns)).with_row_id()
        return _ask((query if where is None else query.where(where)).to_arrow(timeout=DEADLINE))

    def _nearest(self, vector: Vector, k: int, where: str | None) -> Coroutine[Any, Any, Hits]:
        query = self._table.query().nearest_to(vector).column("vector").distance_type("cosine")
        return _hits(query.ef(max(SMALLEST_EF, 2 * k)), "_distance", k, where)

    def _matching(self, words: str, k: int, where: str | None) -> Coroutine[Any, Any, Hits]:
        from lancedb.query import MatchQuery

        match: Any = MatchQuery  # a pydantic dataclass: its defaults are invisible to mypy
        return _hits(self._table.query().nearest_to_text(match(words, "embedding_text")), "_score", k, where)


async def _hits(query: Any, value: str, k: int, where: str | None) -> Hits:
    query = query.limit(k).select([value]).with_row_id()
    found = await (query if where is None else query.where(where)).to_arrow(timeout=DEADLINE)
    return Hits(found.column("_rowid").to_pylist(), found.column(value).to_pylist())


async def _open(folder: Path, version: int) -> AsyncTable:
    import lancedb

    session = lancedb.Session(INDEX_CACHE_BYTES, METADATA_CACHE_BYTES)
    connection = await lancedb.connect_async(folder, session=session)
    table = await connection.open_table(TABLE)
    await table.checkout(version)
    return table


def _run(work: Coroutine[Any, Any, Result]) -> Result:
    from lancedb.background_loop import LOOP

    loop: Any = LOOP
    result: Result = loop.run(work)
    return result


def _ask(work: Coroutine[Any, Any, Result]) -> Result:
    try:
        return _run(work)
    except ValueError as error:
        raise InvalidInput(f"the index refused the query: {error}") from error
    except (RuntimeError, OSError) as error:
        raise IndexUnavailable(f"the index did not answer: {error}") from error
